# What a Prometheus and a Grafana of the host's own are given: ours, without what is theirs to decide.
cfg:
let
  prometheus = import ./prometheus.nix cfg;
  grafana = import ./grafana.nix cfg;
  own = cfg.prometheus;
in
{
  # Rules and dashboards are written for these intervals, and the host's may be others.
  scrapeConfigs = map (
    job:
    {
      scrape_interval = own.scrapeInterval;
      scrape_timeout = own.scrapeInterval;
    }
    // job
  ) prometheus.settings.scrape_configs;
  rules = builtins.mapAttrs (_: file: {
    groups = map (group: { interval = own.scrapeInterval; } // group) file.groups;
  }) (import ./rules cfg);

  # Grafana refuses to start with two defaults.
  datasources = map (source: removeAttrs source [ "isDefault" ]) grafana.datasources.datasources;
}
