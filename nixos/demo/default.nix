# The demonstration: the whole system in a QEMU VM. Its ports are those of the contract, on the
# 127.0.0.1 of who starts it; what it writes is in memory, and goes with it.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  cfg = config.services.hello-observability;
  # What a person opens, and where spans are sent. Each port more is one that may be taken on the
  # host, and then QEMU does not start: 8888 by a notebook, 9100 by the host's own node exporter.
  doors = [
    "port"
    "otlpGrpcPort"
    "otlpHttpPort"
  ];
  ports = lib.concatLists (
    lib.mapAttrsToList (
      part: names:
      lib.optionals cfg.${part}.enable (map (name: cfg.${part}.${name}) (lib.intersectLists doors names))
    ) (removeAttrs (import ../ports.nix).public [ "nodeExporter" ])
  );
  # The demonstration's known password: no secret, but the module takes passwords as files alone.
  passwordFile = "/run/demo/grafana-admin";
in
{
  imports = [
    "${modulesPath}/virtualisation/qemu-vm.nix"
    ./greeting.nix
  ];

  services.hello-observability = {
    enable = true;
    # QEMU's network brings a forwarded connection to the VM's own address.
    listenAddress = "0.0.0.0";
    openFirewall = true;
    frontend = {
      jaegerUrl = lib.mkIf cfg.jaeger.enable "http://127.0.0.1:${toString cfg.jaeger.port}";
      grafanaUrl = "http://127.0.0.1:${toString cfg.grafana.port}";
    };
    # About one order a second.
    loadGenerator = {
      enable = true;
      users = 3;
    };
    anomalyDetector.enable = true;
    # To be broken is what it is for.
    faults.enable = true;
    # Where there is no package of it, the rest is still worth seeing.
    jaeger.enable = cfg.jaeger.package != null;
    grafana.adminPasswordFile = passwordFile;
    # All of it has to fit into memory.
    prometheus.retention = "6h";
    jaeger.retention = "1h";
  };

  systemd.tmpfiles.settings.demo.${passwordFile}.f = {
    mode = "0400";
    argument = "admin";
  };

  virtualisation = {
    cores = 2;
    memorySize = 2048;
    # The root file system is a tmpfs.
    diskImage = null;
    forwardPorts = map (port: {
      from = "host";
      host = {
        # Unnamed it would be every address of the host.
        address = "127.0.0.1";
        inherit port;
      };
      guest = { inherit port; };
    }) ports;
  };

  networking.hostName = "hello-observability";
  environment.systemPackages = [
    cfg.package
    pkgs.curl
    pkgs.jq
  ];
  documentation.enable = false;
  system.stateVersion = "26.05";
}
