# The programs that start the demonstration's VM: with a window, and for servers without one.
#   module  the NixOS module, with its packages
{
  pkgs,
  nixosSystem,
  module,
}:
let
  inherit (pkgs) lib;

  demo =
    graphics:
    nixosSystem {
      modules = [
        module
        ./.
        {
          nixpkgs.hostPlatform = pkgs.stdenv.hostPlatform.system;
          virtualisation = { inherit graphics; };
        }
      ];
    };

  start =
    name: graphics: description:
    pkgs.writeShellApplication {
      inherit name;
      text = ''
        # QEMU's starter exchanges files with the VM in a folder that it would leave there.
        TMPDIR=$(mktemp --directory --tmpdir ${name}.XXXXXXXXXX)
        export TMPDIR USE_TMPDIR=1
        trap 'rm --recursive --force "$TMPDIR"' EXIT
        ${lib.getExe (demo graphics).config.system.build.vm} "$@"
      '';
      meta = { inherit description; };
    };
in
{
  vm = start "hello-observability-vm" true "The whole system in a VM";
  vm-headless =
    start "hello-observability-vm-headless" false
      "The whole system in a VM without a window, on this console";
}
