# Prometheus and the node exporter, run by NixOS' own modules, which check the configuration and the
# rules at build.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.hello-observability;
  addresses = import ../addresses.nix cfg;
  upkeep = import ../units/upkeep.nix;
  inherit (import ../config/prometheus.nix cfg)
    settings
    flags
    nodeCollectors
    nodeFlags
    ;
  rules = import ../config/rules cfg;
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
      inherit (settings.alerting) alertmanagers;
      ruleFiles = lib.mapAttrsToList (
        name: rule: pkgs.writeText "${name}.yml" (builtins.toJSON rule)
      ) rules;
      extraFlags = flags;
    })
    (lib.mkIf cfg.nodeExporter.enable {
      exporters.node = {
        enable = true;
        listenAddress = addresses.bracketed (addresses.listen "nodeExporter");
        inherit (cfg.nodeExporter) port;
        enabledCollectors = nodeCollectors;
        extraFlags = nodeFlags;
      };
    })
  ];
  # Of a host without them not even the names: a unit without a command would be left of each.
  systemd.services = {
    prometheus = lib.mkIf cfg.prometheus.enable (upkeep cfg.prometheus);
    prometheus-node-exporter = lib.mkIf cfg.nodeExporter.enable (upkeep cfg.nodeExporter);
  };
}
