# Configurations that work, as values of `services.hello-observability`, beside those of the
# machines' tests: no assertion may fire on them, and each program accepts what is rendered of them.
let
  services = [
    "frontend"
    "gateway"
    "product"
    "inventory"
    "order"
  ];
  stores = [
    "prometheus"
    "alertmanager"
    "loki"
    "jaeger"
    "grafana"
  ];
  agents = [
    "promtail"
    "nodeExporter"
  ];

  each = names: value: builtins.listToAttrs (map (name: { inherit name value; }) names);
  elsewhere = names: each names { address = "other.example.org"; };

  # One part here, the others on another host.
  alone =
    part:
    elsewhere (builtins.filter (name: name != part) (services ++ stores))
    // {
      ${part}.enable = true;
    };
  parts = services ++ stores ++ agents;
in
builtins.listToAttrs (
  map (part: {
    name = "${part} alone";
    value = alone part;
  }) parts
)
// {
  off = { };

  everything = {
    enable = true;
    loadGenerator.enable = true;
  };

  "a shop that may be broken on purpose" = {
    enable = true;
    faults.enable = true;
  };

  "the anomaly detector beside the stores" = elsewhere services // {
    observability.enable = true;
    anomalyDetector.enable = true;
  };

  "the load generator alone" = elsewhere [ "frontend" ] // {
    loadGenerator.enable = true;
  };

  "a shop that nobody watches" = {
    shop.enable = true;
    agents.enable = false;
  };

  "the shop on one of two hosts" = elsewhere stores // {
    shop.enable = true;
  };

  "the stores on the other" = elsewhere services // {
    observability.enable = true;
    listenAddress = "192.0.2.2";
    openFirewall = true;
    prometheus.agents = [ "other.example.org" ];
  };

  "spans to a receiver elsewhere, by gRPC, some of them" = {
    enable = true;
    jaeger.enable = false;
    tracing = {
      endpoint = "https://otlp.example.org:4317";
      protocol = "grpc";
      headersFile = "/run/keys/otlp-headers";
      sampler = "parentbased_traceidratio";
      ratio = 0.25;
    };
  };

  "identities by the agent of another, on one of two hosts" = elsewhere (stores ++ [ "order" ]) // {
    gateway.enable = true;
    identity = {
      source = "spiffe";
      socket = "/run/other/agent.sock";
    };
    product.enable = true;
    inventory.enable = true;
  };

  "an agent of SPIRE whose server is elsewhere" = elsewhere [ "spireServer" ] // {
    spireAgent = {
      enable = true;
      credentialsDirectory = "/run/keys/spire-agent";
    };
  };

  "errors, slow traces and a few others" = {
    enable = true;
    tracing.tail = {
      enable = true;
      slowerThan = "2s";
      share = 0.01;
    };
  };

  "everything but traces" = {
    enable = true;
    jaeger.enable = false;
  };

  "spans to Jaeger by gRPC" = {
    enable = true;
    tracing.protocol = "grpc";
  };

  "secrets by file" = {
    enable = true;
    tracing.headersFile = "/run/keys/otlp-headers";
    grafana.adminPasswordFile = "/run/keys/grafana-admin";
    grafana.secretKeyFile = "/run/keys/grafana-secret-key";
  };

  "somebody of each kind is told of alerts" = {
    enable = true;
    alertmanager = {
      url = "https://alerts.example.org";
      webhooks = {
        operations.url = "http://192.0.2.9:8080/alerts";
        secret = {
          urlFile = "/run/keys/alert-webhook";
          severities = [ "critical" ];
        };
      };
      slack.operations = {
        urlFile = "/run/keys/slack-webhook";
        channel = "#operations";
      };
      email.operations = {
        to = "operations@example.org";
        sendResolved = false;
      };
      smtp = {
        smarthost = "mail.example.org:587";
        from = "alerts@example.org";
        username = "alerts";
        passwordFile = "/run/keys/smtp-password";
      };
      deadMansSwitch.urlFile = "/run/keys/dead-mans-switch";
    };
  };

  "IPv6 loopback" = {
    enable = true;
    listenAddress = "::1";
  };

  "IPv6, open" = {
    enable = true;
    listenAddress = "2001:db8::1";
    openFirewall = true;
  };

  "other ports" = {
    enable = true;
    frontend.port = 13001;
    gateway.port = 18080;
    product.port = 18081;
    inventory.port = 18082;
    order.port = 18083;
    prometheus.port = 19090;
    alertmanager.port = 19093;
    loki.port = 13100;
    loki.grpcPort = 19095;
    promtail.port = 19080;
    grafana.port = 13000;
    nodeExporter.port = 19100;
    jaeger = {
      port = 26686;
      queryGrpcPort = 26685;
      otlpGrpcPort = 14317;
      otlpHttpPort = 14318;
      thriftHttpPort = 24268;
      thriftCompactPort = 16831;
      healthPort = 23133;
      metricsPort = 18888;
      spanMetricsPort = 18889;
    };
  };

  "other matches, budgets and lengths of time" = {
    enable = true;
    logFilter = "info,order_service=debug";
    promtail.matches = [ "_SYSTEMD_UNIT=sshd.service" ];
    prometheus.retention = "30d";
    prometheus.scrapeInterval = "15s";
    loki.retention = "720h";
    loki.retentionByLevel = {
      error = "2160h";
      warning = null;
      notice = "48h";
      info = "024h";
    };
    jaeger.retention = "24h";
    order.memoryMax = "128M";
    order.tasksMax = 1024;
  };
}
