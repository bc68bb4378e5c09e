# The configuration of Prometheus, in its own words; and the flags that no file can say.
# Valid in 2.53 and in 3.x.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.prometheus;

  # One job a program. Who does not run here is scraped where its address was told.
  job =
    name: path: targets:
    if targets == [ ] then
      [ ]
    else
      [
        {
          job_name = name;
          metrics_path = path;
          static_configs = [ { inherit targets; } ];
        }
      ];
  part =
    name: job_name: path:
    job job_name path (if addresses.known name then addresses.scraped name else [ ]);
  # The services' own paths; `job` is the service's name.
  service =
    name: job_name:
    map (
      job:
      job
      // {
        scrape_interval = own.shopScrapeInterval;
        scrape_timeout = own.shopScrapeInterval;
      }
    ) (part name job_name "/actuator/prometheus");
  # What every host runs: here, and on the others that were named.
  agent =
    name: job_name:
    job job_name "/metrics" (
      (if cfg.${name}.enable then [ (addresses.target name) ] else [ ])
      ++ map (host: addresses.at host cfg.${name}.port) own.agents
    );
  jaegerPort =
    job_name: port:
    job job_name "/metrics" (
      if addresses.known "jaeger" then [ (addresses.targetPort "jaeger" port) ] else [ ]
    );
in
{
  settings = {
    global = {
      scrape_interval = own.scrapeInterval;
      scrape_timeout = own.scrapeInterval;
      evaluation_interval = own.scrapeInterval;
    };
    scrape_configs =
      service "frontend" "frontend"
      ++ service "gateway" "gateway-service"
      ++ service "product" "product-service"
      ++ service "inventory" "inventory-service"
      ++ service "order" "order-service"
      # A series that it tells of has the labels of that series, `job` as well.
      ++ map (job: job // { honor_labels = true; }) (
        part "anomalyDetector" "anomaly-detector" "/actuator/prometheus"
      )
      ++ part "prometheus" "prometheus" "/metrics"
      ++ part "alertmanager" "alertmanager" "/metrics"
      ++ part "loki" "loki" "/metrics"
      ++ agent "promtail" "promtail"
      ++ jaegerPort "jaeger" cfg.jaeger.metricsPort
      ++ jaegerPort "jaeger-span-metrics" cfg.jaeger.spanMetricsPort
      ++ part "grafana" "grafana" "/metrics"
      ++ agent "nodeExporter" "node";
    alerting.alertmanagers =
      if addresses.known "alertmanager" then
        [ { static_configs = [ { targets = [ (addresses.target "alertmanager") ]; } ]; } ]
      else
        [ ];
  };

  flags = [
    # The traces in the buckets of the services' histograms.
    "--enable-feature=exemplar-storage"
    # Targets are known from the start; it would wait for five more seconds to look at them.
    "--scrape.discovery-reload-interval=100ms"
  ];

  # What the node exporter tells beside its defaults (CPU, memory, disks): the state of each unit,
  # and how often systemd had to start it again.
  nodeCollectors = [ "systemd" ];
  nodeFlags = [ "--collector.systemd.enable-restarts-metrics" ];
}
