# Grafana, run by NixOS' own module. Its secrets are read from files by systemd, and are never in the
# store.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.grafana;
  grafana = import ../config/grafana.nix cfg;
  # Without its garbage collector, which was measured for the others alone.
  inherit (import ../units/upkeep.nix own) unitConfig serviceConfig;
in
{
  services.grafana = lib.mkIf own.enable {
    enable = true;
    inherit (grafana) settings;
    provision = {
      enable = true;
      datasources.settings = grafana.datasources;
      dashboards.settings = grafana.dashboards;
    };
  };
  systemd.services = lib.mkIf own.enable {
    grafana = {
      inherit unitConfig;
      serviceConfig = serviceConfig // {
        LoadCredential = grafana.loadCredential;
      };
    };
  };
}
