# What `nix flake check` holds: style, lints, tests, the options page, the rendered configurations,
# the module on whole hosts, the template, and the machines.
{
  self,
  nixpkgs,
  pkgs,
}:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) system;
  packages = self.packages.${system};
  module = self.nixosModules.default;
  cargo = import ./cargo.nix pkgs;

  check =
    name: tools: command:
    pkgs.runCommand "hello-observability-${name}" { nativeBuildInputs = tools; } ''
      ${command}
      touch "$out"
    '';

  # A list of what does not hold has to be empty.
  none =
    name: failed:
    check name [ ] ''
      printf '%s\n' ${lib.escapeShellArgs failed}
      ${lib.boolToString (failed == [ ])}
    '';

  evaluate =
    host:
    (nixpkgs.lib.nixosSystem {
      modules = [
        module
        host
        {
          nixpkgs.pkgs = pkgs;
          boot.loader.grub.enable = false;
          fileSystems."/" = {
            device = "/dev/disk/by-label/nixos";
            fsType = "ext4";
          };
          # The manual of all options would be evaluated for each host anew.
          documentation.enable = false;
          system.stateVersion = "26.05";
        }
      ];
    }).config;

  template = (import ../template/flake.nix).outputs {
    inherit nixpkgs;
    hello-observability = self;
  };

  # Where Jaeger is, which the machines run.
  whole = {
    evaluation = none "evaluation" (import ./evaluation.nix { inherit evaluate module; });
    template = template.nixosConfigurations.shop.config.system.build.toplevel;
    inherit
      (import ../demo/programs.nix {
        inherit pkgs module;
        inherit (nixpkgs.lib) nixosSystem;
      })
      vm-headless
      ;
  }
  // prefixed "machines" (import ../../tests/machines { inherit pkgs module; }).vms;

  prefixed = prefix: lib.mapAttrs' (name: lib.nameValuePair "${prefix}-${name}");
in
{
  formatting =
    check "formatting"
      [
        pkgs.cargo
        pkgs.nixfmt
        pkgs.rustfmt
      ]
      ''
        export CARGO_HOME=$TMPDIR
        cd ${self}
        find . -name '*.nix' -exec nixfmt --check {} +
        cargo fmt --all --check
      '';

  lints = cargo "lints" [
    pkgs.clippy
  ] "cargo clippy --workspace --all-targets --offline -- --deny warnings";

  # The black-box tests want a journal and a service manager: .ci/run has them.
  unit-tests =
    cargo "unit-tests" [ ]
      "cargo test --workspace --exclude shop-tests --lib --bins --offline";

  # The page's own lints and tests, with the packages that it is built with.
  page = packages.page.overrideAttrs {
    src = ../../frontend;
    buildPhase = ''
      runHook preBuild
      npm run lint
      npm test
      runHook postBuild
    '';
    installPhase = ''touch "$out"'';
  };

  options-page = check "options-page" [ ] ''
    diff --unified ${../OPTIONS.md} ${pkgs.writeText "OPTIONS.md" (import ../options-page.nix)}
  '';

  # Of Nix itself: what tests/nix/run counts, without its list of files that parse.
  expressions = none "expressions" (import ../../tests/nix).failed;

  rules =
    check "rules"
      [
        pkgs.jq
        pkgs.prometheus.cli
        pkgs.python3
      ]
      ''
        bash ${self}/tests/rules/run ${pkgs.writeText "rendered.json" (builtins.toJSON (import ../../tests/rules/render.nix))}
      '';

  configurations = import ./configurations.nix { inherit pkgs packages; };
}
// prefixed "package" packages
// prefixed "dev-shell" self.devShells.${system}
// lib.optionalAttrs (packages ? jaeger) whole
