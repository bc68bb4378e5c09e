# What the NixOS test driver would check: { <test> = { machines, script }; }.
let
  script = import ../script.nix {
    dashboards = "/dashboards";
    datasources = "/datasources.json";
    scenarios = "/scenarios";
  };
in
builtins.mapAttrs (name: machines: {
  # A test of one machine may call it `machine` (nixos/lib/testing/driver.nix).
  machines =
    builtins.attrNames machines
    ++ (
      if builtins.length (builtins.attrNames machines) == 1 && !(machines ? machine) then
        [ "machine" ]
      else
        [ ]
    );
  script = script name;
}) (import ../on-nixos.nix)
