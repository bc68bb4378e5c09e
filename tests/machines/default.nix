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
  # what their own systemd limits. Whether they can be switched to another system was not tried.
  inContainers = removeAttrs tests [
    "alerts-hosts"
    "enforced"
    "reboot"
    "switch"
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
  # The other systems that `switch` switches to.
  others =
    { config, ... }:
    {
      system.switch.enable = true;
      specialisation = {
        moved.configuration.services.hello-observability.gateway.port = 18080;
        # The same programs at another place of the store.
        upgraded.configuration.services.hello-observability.package = pkgs.symlinkJoin {
          name = "upgraded";
          paths = [ config.services.hello-observability.package ];
        };
      };
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
        # Alarms fire after minutes, so their tests take up to half an hour, and all others a third of that at
        # most. What takes three times as long hangs.
        globalTimeout = if lib.hasPrefix "alerts-" name then 90 * 60 else 30 * 60;
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
        ]
        ++ lib.optional (name == "switch") others;
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
