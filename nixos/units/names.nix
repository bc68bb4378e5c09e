# The name of each part's unit, and of its binary where that is one of ours.
{
  frontend = "frontend";
  gateway = "gateway-service";
  product = "product-service";
  inventory = "inventory-service";
  order = "order-service";
  loadGenerator = "load-generator";
  anomalyDetector = "anomaly-detector";
  prometheus = "prometheus";
  alertmanager = "alertmanager";
  loki = "loki";
  promtail = "promtail";
  jaeger = "jaeger";
  grafana = "grafana";
  dex = "dex";
  spireServer = "spire-server";
  spireAgent = "spire-agent";
  nodeExporter = "prometheus-node-exporter";
}
