# The scripts as NixOS tests, one for each, from the same nodes:
#   vms         in QEMU, which needs KVM
#   containers  in systemd-nspawn within the sandbox, which needs of Nix the settings
#               `auto-allocate-uids = true`, `extra-system-features = uid-range` and
#               `experimental-features = auto-allocate-uids cgroups`
#
#   module  the NixOS module, with its packages
{ pkgs, module }:
let
  inherit (pkgs) lib;
  inherit (lib) mapAttrs;

  tests = import ./on-nixos.nix;
  # What the driver's containers cannot do: be switched off, as these do, filter packets, or enforce
  # what their own systemd limits.
  inContainers = removeAttrs tests [
    "alerts-hosts"
    "enforced"
    "reboot"
    "two-hosts"
    "exposure"
  ];

  datasources = pkgs.writeText "datasources.json" (builtins.toJSON (import ./datasources.nix));

  script = import ./script.nix {
    dashboards = "${../../dashboards}";
    datasources = "${datasources}";
    scenarios = "${../../services/scenario/scenarios}";
  };

  host =
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
    };
  vm = {
    virtualisation = {
      cores = 2;
      # The whole stack with Grafana needs about one.
      memorySize = 2048;
      # The stores reserve more than they fill.
      diskSize = 4096;
    };
  };

  test =
    kind: name: machines:
    pkgs.testers.runNixOSTest (
      {
        name = "hello-observability-${kind}-${name}";
        testScript = script name;
        # Half an hour: the longest takes a quarter of one, and hangs rather than goes on after two.
        globalTimeout = 30 * 60;
      }
      // machines
    );
in
{
  vms = mapAttrs (
    name: machines:
    test "vm" name {
      nodes = mapAttrs (_: values: {
        imports = [
          (host values)
          vm
        ];
      }) machines;
      # Emulated in software every wait would end too soon: that is said at once.
      qemu.forceAccel = true;
    }
  ) tests;

  containers = mapAttrs (
    name: machines:
    test "container" name {
      containers = mapAttrs (_: values: {
        imports = [ (host values) ];
        # Its rules are the kernel's, which is the builder's.
        networking.firewall.enable = false;
      }) machines;
    }
  ) inContainers;
}
