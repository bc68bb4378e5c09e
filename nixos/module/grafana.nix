# Grafana, run by NixOS' own module. Its secrets are read from files by systemd, and are never in the
# store.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.grafana;
  grafana = import ../config/grafana.nix cfg;
  # Without its garbage collector, which was measured for the others alone.
  inherit (import ../units/upkeep.nix own) unitConfig serviceConfig;
  defaults = import ./defaults.nix lib;
  managed = own.enable && own.manage;
in
{
  services.grafana = lib.mkMerge [
    (lib.mkIf managed {
      enable = lib.mkDefault true;
      settings = defaults.settings grafana.settings;
      provision.datasources.settings.prune = lib.mkDefault grafana.datasources.prune;
    })
    # Lists, to which a host may add its own.
    (lib.mkIf own.enable {
      provision = {
        enable = true;
        datasources.settings = {
          apiVersion = lib.mkDefault grafana.datasources.apiVersion;
          datasources =
            if own.manage then
              grafana.datasources.datasources
            else
              (import ../config/guest.nix cfg).datasources;
        };
        dashboards.settings = {
          apiVersion = lib.mkDefault grafana.dashboards.apiVersion;
          inherit (grafana.dashboards) providers;
        };
      };
    })
  ];

  systemd.services = lib.mkIf managed {
    grafana = defaults.unit {
      inherit unitConfig;
      serviceConfig = serviceConfig // {
        LoadCredential = grafana.loadCredential;
      };
    };
  };
}
