# Prometheus and the node exporter, run by NixOS' own modules.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  addresses = import ../addresses.nix cfg;
  limits = import ../units/accounting.nix;
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
  systemd.services = {
    prometheus.serviceConfig = lib.mkIf cfg.prometheus.enable (limits cfg.prometheus);
    prometheus-node-exporter.serviceConfig = lib.mkIf cfg.nodeExporter.enable (limits cfg.nodeExporter);
  };
}
