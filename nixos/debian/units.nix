# The units of Prometheus, Alertmanager, the node exporter, Loki and Grafana, which on NixOS nixpkgs'
# modules write.
cfg:
let
  addresses = import ../addresses.nix cfg;
  prometheus = import ../config/prometheus.nix cfg;
  alertmanager = import ../config/alertmanager.nix cfg;
  grafana = import ../config/grafana.nix cfg;
  dex = import ../config/dex.nix cfg;
  signIn = import ../config/sign-in.nix cfg;
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
    alertmanager = {
      description = "Alertmanager, which tells people of alerts";
      serviceConfig = {
        ExecStart = flags (
          [
            "/usr/bin/prometheus-alertmanager"
            "--config.file=${files.paths.alertmanager}"
            "--storage.path=/var/lib/alertmanager"
            "--web.listen-address=${addresses.listenOn "alertmanager"}"
            "--log.level=warn"
          ]
          ++ alertmanager.flags
          ++ (if cfg.alertmanager.url == null then [ ] else [ "--web.external-url=${cfg.alertmanager.url}" ])
        );
        StateDirectory = "alertmanager";
        LoadCredential = alertmanager.loadCredential;
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
          ++ prometheus.nodeFlags
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
    dex = {
      description = "Dex, by which people sign in";
      serviceConfig = {
        ExecStart = "${cfg.dex.package}/bin/dex serve ${files.paths.dex}";
        EnvironmentFile = signIn.environmentFile;
      };
    };
    grafana = {
      description = "Grafana, which shows all of it";
      serviceConfig = {
        ExecStart = flags [
          "${cfg.grafana.package}/bin/grafana server"
          "--homepath=${cfg.grafana.homepath}"
          "--config=${files.paths.grafana}"
        ];
        StateDirectory = [
          "grafana"
          "grafana/plugins"
        ];
        WorkingDirectory = "/var/lib/grafana";
        LoadCredential = grafana.loadCredential;
      };
    };
  };
  enabled = builtins.filter (part: cfg.${part}.enable) (builtins.attrNames units);
in
builtins.listToAttrs (
  map (part: {
    name = (import ../units/names.nix).${part};
    value =
      let
        unit = import ../units/back-end.nix cfg (
          {
            inherit part;
            documentation = [ ];
          }
          // units.${part}
        );
      in
      if part == "dex" then unit // { environment = unit.environment // dex.environment; } else unit;
  }) enabled
)
