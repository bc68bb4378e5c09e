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
  defaults = import ./defaults.nix lib;
  inherit (lib) mkDefault;
  upkeep = own: defaults.unit (import ../units/upkeep.nix own);
  own = cfg.prometheus;
  managed = own.enable && own.manage;
  guest = import ../config/guest.nix cfg;
  inherit (import ../config/prometheus.nix cfg)
    settings
    flags
    nodeCollectors
    nodeFlags
    ;
  rules = if own.manage then import ../config/rules cfg else guest.rules;
in
{
  services.prometheus = lib.mkMerge [
    (lib.mkIf managed {
      enable = mkDefault true;
      # A changed rule or scrape job costs no minute of metrics.
      enableReload = mkDefault true;
      listenAddress = mkDefault (addresses.bracketed (addresses.listen "prometheus"));
      port = mkDefault own.port;
      retentionTime = mkDefault own.retention;
      globalConfig = defaults.settings settings.global;
      extraFlags = flags;
    })
    # Lists, to which a host may add its own.
    (lib.mkIf own.enable {
      scrapeConfigs = if own.manage then settings.scrape_configs else guest.scrapeConfigs;
      inherit (settings.alerting) alertmanagers;
      ruleFiles = lib.mapAttrsToList (
        name: rule: pkgs.writeText "${name}.yml" (builtins.toJSON rule)
      ) rules;
    })
    (lib.mkIf cfg.nodeExporter.enable {
      exporters.node = {
        enable = mkDefault true;
        listenAddress = mkDefault (addresses.bracketed (addresses.listen "nodeExporter"));
        port = mkDefault cfg.nodeExporter.port;
        enabledCollectors = nodeCollectors;
        extraFlags = nodeFlags;
      };
    })
  ];
  # Of a host without them not even the names: a unit without a command would be left of each.
  systemd.services = {
    prometheus = lib.mkIf managed (upkeep own);
    prometheus-node-exporter = lib.mkIf cfg.nodeExporter.enable (upkeep cfg.nodeExporter);
  };
}
