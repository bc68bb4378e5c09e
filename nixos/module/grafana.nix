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
  folder = "grafana-secrets";
  made = {
    admin-password = own.adminPasswordFile == null;
    secret-key = own.secretKeyFile == null;
  };
  path = name: given: if given != null then given else "/var/lib/${folder}/${name}";
  unit = "grafana-secrets";
in
{
  services.grafana = lib.mkIf own.enable {
    enable = true;
    inherit (grafana) settings;
    provision = {
      enable = true;
      datasources.settings = {
        apiVersion = 1;
        inherit (grafana) datasources;
        # A data source that is no longer provisioned goes.
        prune = true;
      };
      dashboards.settings = {
        apiVersion = 1;
        providers = grafana.dashboards;
      };
    };
  };

  systemd.services = lib.mkIf own.enable {
    grafana = {
      inherit unitConfig;
      serviceConfig = serviceConfig // {
        LoadCredential = [
          "admin-password:${path "admin-password" own.adminPasswordFile}"
          "secret-key:${path "secret-key" own.secretKeyFile}"
        ];
      };
    };
    ${unit} = lib.mkIf (made.admin-password || made.secret-key) {
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
    };
  };
}
