# The units of Prometheus, the node exporter and Loki, which on NixOS nixpkgs' modules write.
cfg:
let
  addresses = import ../addresses.nix cfg;
  prometheus = import ../config/prometheus.nix cfg;
  files = import ./files.nix cfg;

  flags = builtins.concatStringsSep " ";

  units = {
    prometheus = {
      description = "Prometheus, the store of metrics";
      serviceConfig = {
        ExecStart = flags (
          [
            "/usr/bin/prometheus"
            "--config.file=${files.paths.prometheus}"
            "--storage.tsdb.path=/var/lib/prometheus2"
            "--storage.tsdb.retention.time=${cfg.prometheus.retention}"
            "--web.listen-address=${addresses.listenOn "prometheus"}"
          ]
          ++ prometheus.flags
        );
        # Not that of Debian's own unit, which belongs to another user.
        StateDirectory = "prometheus2";
        LimitNOFILE = 65536;
      };
    };
    nodeExporter = {
      description = "Node exporter, the host's own metrics";
      serviceConfig = {
        ExecStart = flags (
          [
            "/usr/bin/prometheus-node-exporter"
            "--web.listen-address=${addresses.listenOn "nodeExporter"}"
            "--log.level=warn"
            # Nobody puts files there, and Debian's folder for them is not on every machine.
            "--no-collector.textfile"
          ]
          ++ map (collector: "--collector.${collector}") prometheus.nodeCollectors
        );
        # The bus answers only a user that it knows: Debian's package made this one.
        DynamicUser = false;
        User = "prometheus";
        PrivateUsers = false;
      };
    };
    loki = {
      description = "Loki, the store of logs";
      serviceConfig = {
        ExecStart = "${cfg.loki.package}/bin/loki -config.file=${files.paths.loki}";
        StateDirectory = "loki";
        WorkingDirectory = "/var/lib/loki";
        TimeoutStopSec = 30;
        LimitNOFILE = 65536;
      };
    };
  };
  enabled = builtins.filter (part: cfg.${part}.enable) (builtins.attrNames units);
in
builtins.listToAttrs (
  map (part: {
    name = (import ../units/names.nix).${part};
    value = import ../units/back-end.nix cfg (
      {
        inherit part;
        documentation = [ ];
      }
      // units.${part}
    );
  }) enabled
)
