# Prometheus and the node exporter, run by NixOS' own modules.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  addresses = import ../addresses.nix cfg;
  upkeep = import ../units/upkeep.nix;
  inherit (import ../config/prometheus.nix cfg) settings flags nodeCollectors;
in
{
  services.prometheus = lib.mkMerge [
    (lib.mkIf cfg.prometheus.enable {
      enable = true;
      listenAddress = addresses.bracketed (addresses.listen "prometheus");
      inherit (cfg.prometheus) port;
      retentionTime = cfg.prometheus.retention;
      globalConfig = settings.global;
      scrapeConfigs = settings.scrape_configs;
      extraFlags = flags;
    })
    (lib.mkIf cfg.nodeExporter.enable {
      exporters.node = {
        enable = true;
        listenAddress = addresses.bracketed (addresses.listen "nodeExporter");
        inherit (cfg.nodeExporter) port;
        enabledCollectors = nodeCollectors;
      };
    })
  ];
  # Of a host without them not even the names: a unit without a command would be left of each.
  systemd.services = {
    prometheus = lib.mkIf cfg.prometheus.enable (upkeep cfg.prometheus);
    prometheus-node-exporter = lib.mkIf cfg.nodeExporter.enable (upkeep cfg.nodeExporter);
  };
}
