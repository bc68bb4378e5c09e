# Grafana, run by NixOS' own module, and its secrets: read from files by systemd, made on the first
# start where none are given, never in the store.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.hello-observability;
  own = cfg.grafana;
  grafana = import ../config/grafana.nix cfg;
  # Without its garbage collector, which was measured for the others alone.
  inherit (import ../units/upkeep.nix own) unitConfig serviceConfig;
  defaults = import ./defaults.nix lib;
  managed = own.enable && own.manage;
  folder = "grafana-secrets";
  made = {
    admin-password = own.adminPasswordFile == null;
    secret-key = own.secretKeyFile == null;
  };
  path = name: given: if given != null then given else "/var/lib/${folder}/${name}";
  unit = "grafana-secrets";
in
{
  services.grafana = lib.mkMerge [
    (lib.mkIf managed {
      enable = true;
      settings = defaults.settings grafana.settings;
      # A data source that is no longer provisioned goes.
      provision.datasources.settings.prune = lib.mkDefault true;
    })
    # Lists, to which a host may add its own.
    (lib.mkIf own.enable {
      provision = {
        enable = true;
        datasources.settings = {
          apiVersion = lib.mkDefault 1;
          datasources =
            if own.manage then grafana.datasources else (import ../config/guest.nix cfg).datasources;
        };
        dashboards.settings = {
          apiVersion = lib.mkDefault 1;
          providers = grafana.dashboards;
        };
      };
    })
  ];

  systemd.services = lib.mkIf managed {
    grafana = defaults.unit {
      inherit unitConfig;
      serviceConfig = serviceConfig // {
        LoadCredential = [
          "admin-password:${path "admin-password" own.adminPasswordFile}"
          "secret-key:${path "secret-key" own.secretKeyFile}"
        ];
      };
    };
    ${unit} = lib.mkIf (made.admin-password || made.secret-key) (
      defaults.unit {
        description = "Secrets of Grafana, made on its first start";
        requiredBy = [ "grafana.service" ];
        before = [ "grafana.service" ];
        path = [ pkgs.coreutils ];
        # 24 random bytes, more than anybody can guess, and as base64 32 characters without padding;
        # written whole or not at all.
        script = ''
          for secret in ${lib.concatStringsSep " " (lib.attrNames (lib.filterAttrs (_: yes: yes) made))}; do
            if [ ! -s "$STATE_DIRECTORY/$secret" ]; then
              head -c 24 /dev/urandom | base64 -w 0 >"$STATE_DIRECTORY/.$secret"
              mv "$STATE_DIRECTORY/.$secret" "$STATE_DIRECTORY/$secret"
            fi
          done
        '';
        serviceConfig = (removeAttrs (import ../units/hardening.nix) [ "DynamicUser" ]) // {
          Type = "oneshot";
          RemainAfterExit = true;
          StateDirectory = folder;
          StateDirectoryMode = "0700";
          PrivateNetwork = true;
        };
      }
    );
  };
}
