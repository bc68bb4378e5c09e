# The plain value of every setting that has one: what the module's options default to, and what a
# machine without NixOS is rendered from. Ports are those of the contract.
{
  # All parts, and the three groups of parts: what sells, what watches it, and what every host of
  # the two runs.
  enable ? false,
  shop ? enable,
  observability ? enable,
  agents ? shop || observability,
}:
let
  # `listenAddress` null: the one for all. `address` null: the one on which the part listens.
  part = on: port: {
    enable = on;
    listenAddress = null;
    inherit port;
    address = null;
    openFirewall = null;
  };
  budget = memoryMax: tasksMax: { inherit memoryMax tasksMax; };

  # What the services are built with. A unit may hold what its connections may and the kernel for them,
  # the bodies that it buffers, and what the service holds besides; the page cache of a store's log,
  # which the kernel counts too, gives way.
  limits = import ./limits.nix;
  memory =
    limits.service_bytes
    + limits.buffered_bytes
    + limits.max_connections * (limits.connection_bytes + limits.socket_bytes);

  # Measured on two cores: 8 to 11 MiB resident idle, 22 MiB with 64 orders at once, 28 with 128. A
  # thread for each core, 64 for names of peers, and some for the store and telemetry: 512 ends only a
  # runaway.
  service = on: port: part on port // budget "${toString (memory / 1048576)}M" 512;
in
{
  listenAddress = "127.0.0.1";
  openFirewall = false;

  logFilter = "info";

  # Milliseconds; what the services are built with (services/server/src/args.rs).
  shedAfterMs = 250;

  tracing = {
    endpoint = null;
    protocol = "http/protobuf";
    headersFile = null;
    sampler = "parentbased_always_on";
    ratio = 1;
    tail = {
      enable = false;
      # What the objective calls slow.
      slowerThan = "250ms";
      share = 0.1;
    };
  };

  frontend = service shop 3001 // {
    tracesUrl = null;
    logsUrl = null;
    metricsUrl = null;
    alertsUrl = null;
    jaegerUrl = null;
    grafanaUrl = null;
  };
  gateway = service shop 8080 // {
    instances = { };
  };
  product = service shop 8081 // {
    instances = { };
    probesPort = 8181;
  };
  inventory = service shop 8082 // {
    probesPort = 8182;
  };
  order = service shop 8083 // {
    probesPort = 8183;
  };

  # Who the services are to each other; see identity.nix.
  identity = {
    source = null;
    trustDomain = "hello-observability";
    life = "24h";
    socket = "/run/spire/agent/api.sock";
  };

  # Those who give the services of several hosts their identities. Measured: the server 150 MiB, of it 21
  # beside its code; the agent 59, of it 14.
  spireServer = part false 8085 // budget "256M" 256;
  spireAgent = budget "128M" 128 // {
    enable = false;
    credentialsDirectory = null;
  };

  # How people sign in. Without it, whoever reaches a port may do everything.
  signIn = {
    enable = false;
    issuer = null;
    publicUrl = null;
    clientId = "hello-observability";
    clientSecretFile = null;
    caFile = null;
    scopes = null;
    groupsClaim = "groups";
    operators = [ "operator" ];
    customers = [ "*" ];
  };

  # Measured with 500 series: 14 MiB resident. A model has some 15 KiB, and 2,000 series are learned at most.
  anomalyDetector =
    part false 8084
    // budget "128M" 64
    // {
      prometheusUrl = null;
      alertmanagerUrl = null;
      queriesFile = null;
      # Seconds. A rate goes over 30 s, so that two rounds show the whole of what happened.
      interval = 15;
      # At the start it learns a day of what Prometheus has.
      historyHours = 24;
    };

  # Whether an operator may break the shop on purpose.
  faults.enable = false;

  loadGenerator = budget "64M" 64 // {
    enable = false;
    users = 10;
    extraArgs = [ "--restock" ];
  };

  # Measured with ten users: Prometheus 94 MiB, Loki 120, Promtail 70, Jaeger 83, Alertmanager 35, the
  # node exporter 20, two thirds of it code that was run at the start only.
  # Each holds more while a back end is away, a burst is under way, or a long query is asked.
  prometheus =
    part observability 9090
    // budget "1G" 512
    // {
      # Whether it is ours as a whole, or the host's own that is given what is ours.
      manage = true;
      # Twelve samples a minute: a rate over half a minute is steady, and a dashboard fills in seconds.
      scrapeInterval = "5s";
      # The shop's own families are few: for 60 MB a day an order is counted a second after it was made.
      shopScrapeInterval = "1s";
      # The objectives look back over 30 days.
      retention = "31d";
      agents = [ ];
    };

  # Who is told of what, and how; see config/receivers.nix.
  alertmanager =
    part observability 9093
    // budget "256M" 256
    // {
      url = null;
      repeatInterval = "4h";
      webhooks = { };
      slack = { };
      email = { };
      smtp = {
        smarthost = null;
        from = null;
        username = null;
        passwordFile = null;
        requireTls = true;
      };
      deadMansSwitch = {
        url = null;
        urlFile = null;
        interval = "1m";
      };
    };

  # Where the project can be read: an alert links to its runbook there.
  alerts.runbooksUrl = "${import ./repository.nix}/blob/main/nixos/runbooks";

  loki =
    part observability 3100
    // budget "1G" 512
    // {
      manage = true;
      grpcPort = 9095;
      retention = "168h";
      # What went wrong can be read as long as the objectives remember it, and it is little; what
      # was only said to find a fault is needed while it is looked for.
      retentionByLevel = {
        error = "720h";
        warning = "720h";
        notice = null;
        info = null;
        debug = "24h";
      };
    };

  promtail =
    part agents 9080
    // budget "256M" 256
    // {
      # Goes before what config/promtail.nix says, and so does Jaeger's.
      settings = { };
      lokiUrl = null;
      matches = [ ];
    };

  jaeger =
    part observability 16686
    // budget "1G" 512
    // {
      settings = { };
      retention = "72h";
      queryGrpcPort = 16685;
      otlpGrpcPort = 4317;
      otlpHttpPort = 4318;
      thriftHttpPort = 14268;
      thriftCompactPort = 6831;
      healthPort = 13133;
      metricsPort = 8888;
      spanMetricsPort = 8889;
    };

  grafana =
    part observability 3000
    // budget "1G" 512
    // {
      manage = true;
      adminPasswordFile = null;
      secretKeyFile = null;
    };

  # The OpenID provider of a host that has no other. Measured: 33 MiB, of it 7 beside its code.
  dex = part false 5556 // budget "128M" 128 // { users = { }; };

  nodeExporter = part agents 9100 // budget "128M" 128;
}
