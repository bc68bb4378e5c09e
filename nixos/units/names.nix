# The names of all units whose log lines belong to the system, as far as this host runs them.
cfg:
let
  unitOf = {
    frontend = "frontend";
    gateway = "gateway-service";
    product = "product-service";
    inventory = "inventory-service";
    order = "order-service";
    loadGenerator = "load-generator";
    prometheus = "prometheus";
    loki = "loki";
    promtail = "promtail";
    jaeger = "jaeger";
    grafana = "grafana";
    nodeExporter = "prometheus-node-exporter";
  };
in
map (part: unitOf.${part}) (builtins.filter (part: cfg.${part}.enable) (builtins.attrNames unitOf))
