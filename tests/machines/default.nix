# The scripts as NixOS tests: an attribute set of one VM test for each.
#   module  the NixOS module, with its packages
{ pkgs, module }:
let
  inherit (pkgs) lib;
  inherit (lib) mapAttrs;

  # The file says that it is for Debian alone.
  onNixos = lib.filterAttrs (name: _: name != "rendered") (import ./nodes.nix);

  datasources = pkgs.writeText "datasources.json" (builtins.toJSON (import ./datasources.nix));

  # What scripts/world.py expects to be told of this world; the Debian driver says its own.
  prelude = ''
    import json
    import pathlib

    missing_programs: set[str] = set()
    dashboards = {
        file.stem: json.loads(file.read_text())
        for file in sorted(pathlib.Path("${../../dashboards}").glob("*.json"))
    }
    datasources = json.loads(pathlib.Path("${datasources}").read_text())


    def skip(what: str, program: str) -> None:
        raise Exception(f"{what} is skipped for want of {program}, but NixOS has every program")


  '';

  machine =
    values:
    { config, ... }:
    {
      imports = [ module ];
      services.hello-observability = values;
      environment.systemPackages = [
        config.services.hello-observability.package
        pkgs.curl
        pkgs.jq
        # The receivers of scripts/alerting.py, and the hour that scripts/alerts-shop.py remembers.
        (pkgs.python3.withPackages (python: [ python.aiosmtpd ]))
        pkgs.prometheus.cli
      ];
      virtualisation = {
        cores = 2;
        # The whole stack with Grafana needs about one.
        memorySize = 2048;
        # The stores reserve more than they fill.
        diskSize = 4096;
      };
    };
in
mapAttrs (
  name: machines:
  pkgs.testers.runNixOSTest {
    name = "hello-observability-${name}";
    nodes = mapAttrs (_: machine) machines;
    testScript =
      prelude
      + lib.concatMapStringsSep "\n\n" lib.readFile [
        ./scripts/world.py
        ./scripts/queries.py
        ./scripts/alerting.py
        (./scripts + "/${name}.py")
      ];
  }
) onNixos
