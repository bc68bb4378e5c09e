# Refuses, before anything is built, what cannot work; and what the modules of nixpkgs were told
# besides, where the other parts would not learn of it.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  inherit (config.services) grafana loki prometheus;

  # Each part that nixpkgs runs: its switch there, and the port on which it will listen.
  foreign = {
    prometheus = {
      option = "services.prometheus";
      inherit (prometheus) enable port;
    };
    alertmanager = {
      option = "services.prometheus.alertmanager";
      inherit (prometheus.alertmanager) enable port;
    };
    nodeExporter = {
      option = "services.prometheus.exporters.node";
      inherit (prometheus.exporters.node) enable port;
    };
    loki = {
      option = "services.loki";
      inherit (loki) enable;
      # 3100 is Loki's own default. What a file of the host's says cannot be read here.
      port =
        if loki.configFile != null then
          cfg.loki.port
        else
          loki.configuration.server.http_listen_port or 3100;
    };
    grafana = {
      option = "services.grafana";
      inherit (grafana) enable;
      port = grafana.settings.server.http_port or 3000;
    };
  };
  runs = part: {
    assertion = !cfg.${part}.enable || foreign.${part}.enable;
    message = "services.hello-observability.${part} is enabled, but ${foreign.${part}.option} is not: enable it, or set services.hello-observability.${part}.enable = false.";
  };
  agrees = part: {
    assertion =
      !(cfg.${part}.enable && foreign.${part}.enable) || foreign.${part}.port == cfg.${part}.port;
    message = "${foreign.${part}.option} listens on ${toString foreign.${part}.port}, but the others look for it on ${toString cfg.${part}.port}: set services.hello-observability.${part}.port.";
  };
  withoutTenants = {
    assertion =
      !(cfg.loki.enable && loki.enable && loki.configFile == null)
      || !(loki.configuration.auth_enabled or true);
    message = "services.loki asks who sends and who reads, and Promtail, the page's server and Grafana's data source name no tenant: set services.loki.configuration.auth_enabled = false.";
  };
in
{
  assertions =
    import ../assertions.nix cfg
    ++ [ withoutTenants ]
    ++ lib.concatMap (part: [
      (runs part)
      (agrees part)
    ]) (lib.attrNames foreign);
}
