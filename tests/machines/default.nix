# The scripts as NixOS tests: an attribute set of one VM test for each.
#   module  the NixOS module, with its packages
{ pkgs, module }:
let
  inherit (pkgs) lib;
  inherit (lib) mapAttrs;

  # Their files say that they are for Debian alone.
  onNixos = removeAttrs (import ./nodes.nix) [
    "grafana-browser"
    "rendered"
  ];

  datasources = pkgs.writeText "datasources.json" (builtins.toJSON (import ./datasources.nix));

  script = import ./script.nix {
    dashboards = "${../../dashboards}";
    datasources = "${datasources}";
  };

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
        # The receivers of scripts/alerts.py.
        (pkgs.python3.withPackages (python: [ python.aiosmtpd ]))
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
    testScript = script name;
  }
) onNixos
