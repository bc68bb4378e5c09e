# What a Prometheus and a Grafana of the host's own are given says all that the host's might say
# otherwise.
let
  cfg = import ../../nixos/debian/given.nix { enable = true; };
  guest = import ../../nixos/config/guest.nix cfg;
  prometheus = import ../../nixos/config/prometheus.nix cfg;
  grafana = import ../../nixos/config/grafana.nix cfg;
  groups = builtins.concatMap (file: file.groups) (builtins.attrValues guest.rules);
  ours = builtins.concatMap (file: file.groups) (
    builtins.attrValues (import ../../nixos/config/rules cfg)
  );
  intervals =
    job_name:
    map (job: job.scrape_interval) (
      builtins.filter (job: job.job_name == job_name) guest.scrapeConfigs
    );
  withDefault = builtins.filter (source: source.isDefault or false);
in
{
  "every job is given, with its own interval" = {
    expected = {
      jobs = map (job: job.job_name) prometheus.settings.scrape_configs;
      node = [ "5s" ];
      order = [ "1s" ];
    };
    actual = {
      jobs = map (job: job.job_name) guest.scrapeConfigs;
      node = intervals "node";
      order = intervals "order-service";
    };
  };
  "every group of rules is given, with its own interval" = {
    expected = {
      count = builtins.length ours;
      without = [ ];
    };
    actual = {
      count = builtins.length groups;
      without = builtins.filter (group: !(group ? interval)) groups;
    };
  };
  "every data source is given, and only where Grafana is ours one is the default" = {
    expected = {
      names = map (source: source.name) grafana.datasources.datasources;
      ours = [ "Prometheus" ];
      guest = [ ];
    };
    actual = {
      names = map (source: source.name) guest.datasources;
      ours = map (source: source.name) (withDefault grafana.datasources.datasources);
      guest = withDefault guest.datasources;
    };
  };
}
