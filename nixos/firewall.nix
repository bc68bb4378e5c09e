# The ports that are opened: of the parts that run here and asked for it. What listens on loopback
# alone needs none.
cfg:
let
  addresses = import ./addresses.nix cfg;
  own = part: cfg.${part};
  tcp = {
    frontend = [ cfg.frontend.port ];
    gateway = [ cfg.gateway.port ];
    product = [ cfg.product.port ];
    inventory = [ cfg.inventory.port ];
    order = [ cfg.order.port ];
    prometheus = [ cfg.prometheus.port ];
    loki = [ cfg.loki.port ];
    promtail = [ cfg.promtail.port ];
    jaeger = [
      cfg.jaeger.port
      cfg.jaeger.queryGrpcPort
      cfg.jaeger.otlpGrpcPort
      cfg.jaeger.otlpHttpPort
      cfg.jaeger.thriftHttpPort
      cfg.jaeger.metricsPort
      cfg.jaeger.spanMetricsPort
    ];
    grafana = [ cfg.grafana.port ];
    nodeExporter = [ cfg.nodeExporter.port ];
  };
  udp.jaeger = [ cfg.jaeger.thriftCompactPort ];

  asked = part: if (own part).openFirewall == null then cfg.openFirewall else (own part).openFirewall;
  opened = part: (own part).enable && asked part && !addresses.isLoopback (addresses.listen part);
  ports =
    table:
    builtins.concatMap (part: if opened part then table.${part} else [ ]) (builtins.attrNames table);
in
{
  allowedTCPPorts = ports tcp;
  allowedUDPPorts = ports udp;
}
