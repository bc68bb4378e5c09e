# The settings that hold the ports of each part that listens.
{
  # TCP, for others: what a firewall may open.
  public = {
    frontend = [ "port" ];
    gateway = [ "port" ];
    product = [ "port" ];
    inventory = [ "port" ];
    order = [ "port" ];
    anomalyDetector = [ "port" ];
    prometheus = [ "port" ];
    alertmanager = [ "port" ];
    loki = [ "port" ];
    promtail = [ "port" ];
    jaeger = [
      "port"
      "queryGrpcPort"
      "otlpGrpcPort"
      "otlpHttpPort"
      "thriftHttpPort"
      "metricsPort"
      "spanMetricsPort"
    ];
    grafana = [ "port" ];
    dex = [ "port" ];
    spireServer = [ "port" ];
    nodeExporter = [ "port" ];
  };
  # TCP, always on loopback.
  local = {
    product = [ "probesPort" ];
    inventory = [ "probesPort" ];
    order = [ "probesPort" ];
    loki = [ "grpcPort" ];
    jaeger = [ "healthPort" ];
  };
  # UDP, for others.
  datagrams = {
    jaeger = [ "thriftCompactPort" ];
  };
}
