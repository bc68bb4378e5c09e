# The options of `services.hello-observability`. What they default to stands in ../settings.nix.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkOption
    mkPackageOption
    types
    ;
  cfg = config.services.hello-observability;
  # Which parts are on by default depends on the switches above them, and so can only be told by
  # name; everything else is a plain value.
  settings = import ../settings.nix {
    inherit (cfg) enable;
    shop = cfg.shop.enable;
    observability = cfg.observability.enable;
    agents = cfg.agents.enable;
  };
  plain = import ../settings.nix { };
  jaeger = pkgs.callPackage ../packages/jaeger.nix { };
  # Without the flake, whose module sets those that are missing here.
  packages = {
    services = pkgs.callPackage ../packages/services.nix { };
    page = pkgs.callPackage ../packages/page.nix { };
    jaeger = if lib.meta.availableOn pkgs.stdenv.hostPlatform jaeger then jaeger else null;
    promtail = null;
  };
  package =
    name: arguments:
    mkPackageOption packages name (
      { pkgsText = "hello-observability.packages.\${system}"; } // arguments
    );

  address = types.strMatching "[0-9a-fA-F.:]+" // {
    description = "IP address";
  };
  host = types.strMatching "[a-zA-Z0-9_.:-]+" // {
    description = "host name or IP address";
  };
  url = types.strMatching "https?://[^/ ]+[^ ]*" // {
    description = "URL of http or https";
  };
  # Of the path of a secret; ../assertions.nix says of one in the store what to do about it.
  secret = (types.externalPath or types.path) // {
    description = "absolute path outside the store";
  };
  duration = types.strMatching "[0-9]+(ms|s|m|h|d|w|y)" // {
    description = "duration, such as 72h or 15d";
  };
  # Jaeger takes it too, and knows no unit above the hour.
  interval = types.strMatching "[0-9]+(ms|s|m|h)" // {
    description = "duration, such as 500ms or 15s";
  };
  # Loki and Badger know none either.
  hours = types.strMatching "[0-9]+h" // {
    description = "duration in hours, such as 168h";
  };
  size = types.strMatching "[0-9]+[KMGT]?|infinity" // {
    description = "size as systemd writes it, such as 64M";
  };

  switch =
    value: default: what:
    mkEnableOption what
    // {
      default = value;
      defaultText = literalExpression default;
    };
  # JSON is YAML too. Ours are no definitions of the option: they come of pure functions (../config), which
  # know no priorities and write the same for a host without NixOS.
  freeform =
    example: what:
    mkOption {
      type = types.attrsOf (types.json or types.anything);
      default = { };
      inherit example;
      description = "Settings of ${what}, in its own words, merged over those that this module makes: sets name by name, lists and all else replaced. What comes of it is checked at build. An address or a port that is changed here is not told to the others: those have options.";
    };
  manage =
    part: what:
    mkOption {
      type = types.bool;
      default = plain.${part}.manage;
      description = what;
    };

  # What every part that listens has.
  listening = part: groupOf: what: {
    enable =
      switch settings.${part}.enable "config.services.hello-observability.${groupOf}.enable"
        what;
    listenAddress = mkOption {
      type = types.nullOr address;
      default = plain.${part}.listenAddress;
      description = "The address on which ${what} listens; `null` is {option}`services.hello-observability.listenAddress`.";
    };
    port = mkOption {
      type = types.port;
      default = plain.${part}.port;
      description = "The port of ${what}.";
    };
    address = mkOption {
      type = types.nullOr host;
      default = plain.${part}.address;
      example = "observability.example.org";
      description = "The host on which the other parts find ${what}; `null` is the address on which it listens. To be set when it runs on another host.";
    };
    openFirewall = mkOption {
      type = types.nullOr types.bool;
      default = plain.${part}.openFirewall;
      description = "Whether the ports of ${what} are opened in the firewall; `null` is {option}`services.hello-observability.openFirewall`.";
    };
  };
  limited = part: {
    memoryMax = mkOption {
      type = size;
      default = plain.${part}.memoryMax;
      description = "The most memory that the unit may use (MemoryMax= of systemd.resource-control(5)).";
    };
    tasksMax = mkOption {
      type = types.ints.positive;
      default = plain.${part}.tasksMax;
      description = "The most threads and processes that the unit may have (TasksMax= of systemd.resource-control(5)).";
    };
  };
  service = part: what: listening part "shop" what // limited part;
  port =
    part: name: what:
    mkOption {
      type = types.port;
      default = plain.${part}.${name};
      description = "The port of ${what}.";
    };
  probing =
    part: what:
    service part what
    // {
      probesPort =
        port part "probesPort"
          "probes and metrics of ${what}, on loopback, where services have identities: the other port then answers nobody without one";
    };
  # Of a service that keeps nothing which another instance of it would have to know.
  severalOf = part: what: {
    instances = mkOption {
      type = types.attrsOf (types.ints.between 1 1000);
      default = plain.${part}.instances;
      example = {
        "192.0.2.10" = 95;
        "192.0.2.11" = 5;
      };
      description = "The hosts on which the other parts find instances of ${what}, with the weight of each: it gets that part of the requests that its weight is of all weights. One that fails is left out, and a request that may be repeated is sent to another. All listen on {option}`services.hello-observability.${part}.port`. `{ }` is the one at {option}`services.hello-observability.${part}.address`.";
    };
  };
  link =
    what:
    mkOption {
      type = types.nullOr url;
      default = null;
      description = "Where a person's browser finds ${what}; the page links to it. `null`: no link.";
    };
in
{
  options.services.hello-observability = {
    enable = mkEnableOption "the whole system on this host: the shop, and all that watches it. The load generator has a switch of its own";
    shop.enable =
      switch cfg.enable "config.services.hello-observability.enable"
        "the shop: page, gateway, products, stock and orders";
    observability.enable =
      switch cfg.enable "config.services.hello-observability.enable"
        "the stores of telemetry: Prometheus with Alertmanager, Loki, Jaeger and Grafana";
    agents.enable =
      switch (cfg.shop.enable || cfg.observability.enable)
        "config.services.hello-observability.shop.enable || config.services.hello-observability.observability.enable"
        "what every host of the system needs: Promtail and the node exporter";

    package = package "services" { extraDescription = "It holds the load generator too."; };
    page = package "page" { extraDescription = "It is the built page."; };
    dashboards = mkOption {
      type = types.path;
      default = ../../dashboards;
      defaultText = literalExpression "the folder dashboards of this project";
      description = "The folder of Grafana's dashboards.";
    };

    listenAddress = mkOption {
      type = address;
      default = plain.listenAddress;
      example = "0.0.0.0";
      description = "The address on which every part listens that has none of its own.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = plain.openFirewall;
      description = "Whether the ports of all parts are opened in the firewall. Nothing here asks for a password but Grafana: open only what has to be reached, and only to those who may.";
    };
    logFilter = mkOption {
      type = types.singleLineStr;
      default = plain.logFilter;
      example = "info,order_service=debug";
      description = "Which events the services log: a level, or `target=level` pairs parted by commas. A new value is taken without a restart.";
    };
    shedAfterMs = mkOption {
      type = types.ints.between 0 10000;
      default = plain.shedAfterMs;
      description = "After how many milliseconds of waiting for its turn a service refuses a request with 503, when that lasts for a second: lists first, others after twice that time, probes never. 0: never.";
    };

    tracing = {
      endpoint = mkOption {
        type = types.nullOr url;
        default = plain.tracing.endpoint;
        example = "http://observability.example.org:4318";
        description = "The OTLP receiver to which the services send their spans; `null` is Jaeger, where it runs or its address was told, else spans are not sent.";
      };
      protocol = mkOption {
        type = types.enum [
          "http/protobuf"
          "grpc"
        ];
        default = plain.tracing.protocol;
        description = "The protocol of the receiver.";
      };
      headersFile = mkOption {
        type = types.nullOr secret;
        default = plain.tracing.headersFile;
        example = "/run/keys/otlp-headers";
        description = "A file with headers for the receiver, `key=value` pairs parted by commas. systemd hands it over as a credential; it has to lie outside the store.";
      };
      sampler = mkOption {
        type = types.enum [
          "always_on"
          "always_off"
          "traceidratio"
          "parentbased_always_on"
          "parentbased_always_off"
          "parentbased_traceidratio"
        ];
        default = plain.tracing.sampler;
        description = "Which traces are kept (OTEL_TRACES_SAMPLER of the OpenTelemetry specification).";
      };
      ratio = mkOption {
        type = types.numbers.between 0 1;
        default = plain.tracing.ratio;
        description = "The ratio of the ratio samplers.";
      };
      tail = {
        enable = mkEnableOption "tail-based sampling: Jaeger decides which traces it keeps once they have ended, those with an error, those that were slow, and a share of the rest. Metrics are made of all. To be set on the host on which Jaeger runs";
        slowerThan = mkOption {
          type = interval;
          default = plain.tracing.tail.slowerThan;
          description = "How long a trace takes from its first span to its last to be kept as slow.";
        };
        share = mkOption {
          type = types.numbers.between 0 1;
          default = plain.tracing.tail.share;
          description = "The share of the other traces that is kept.";
        };
      };
    };

    frontend = service "frontend" "the server of the page" // {
      tracesUrl = mkOption {
        type = types.nullOr url;
        default = plain.frontend.tracesUrl;
        description = "Where the page's server reads traces (Jaeger's `/api/v3/traces`); `null` is Jaeger, where it runs or its address was told.";
      };
      logsUrl = mkOption {
        type = types.nullOr url;
        default = plain.frontend.logsUrl;
        description = "Where the page's server reads log lines (Loki's `/loki/api/v1/query_range`); `null` is Loki, where it runs or its address was told.";
      };
      metricsUrl = mkOption {
        type = types.nullOr url;
        default = plain.frontend.metricsUrl;
        description = "Where the page's server reads metrics (Prometheus' `/api/v1/query_range`); `null` is Prometheus, where it runs or its address was told.";
      };
      alertsUrl = mkOption {
        type = types.nullOr url;
        default = plain.frontend.alertsUrl;
        description = "Where the page's server reads alerts (Alertmanager's `/api/v2/alerts`); `null` is Alertmanager, where it runs or its address was told.";
      };
      jaegerUrl = link "Jaeger";
      grafanaUrl = link "Grafana";
    };
    gateway = service "gateway" "the API gateway" // severalOf "gateway" "the API gateway";
    product =
      probing "product" "the product service"
      // severalOf "product" "the product service, which have to sell the same products";
    inventory = probing "inventory" "the inventory service";
    order = probing "order" "the order service";

    identity = {
      source = mkOption {
        type = types.nullOr (
          types.enum [
            "none"
            "files"
            "spiffe"
          ]
        );
        default = plain.identity.source;
        description = "Who the services are to each other. `null`: `files` where gateway, product, inventory and order service run on this host and the last three listen on loopback, `none` elsewhere. `none`: they speak plain HTTP, and whoever reaches a port may ask for anything. `files`: an authority of this host gives each unit a certificate of its own, renewed by a timer; the services speak TLS 1.3 and know each other, and who may ask whom for what stands in {file}`services/api/src/calls.rs`. For a shop that runs on one host. `spiffe`: an agent of SPIRE on each host gives a unit its identity by the unit's name ({option}`services.hello-observability.spireServer.enable` and {option}`services.hello-observability.spireAgent.enable`). For a shop on several hosts.";
      };
      trustDomain = mkOption {
        type = types.strMatching "[a-z0-9._-]+" // {
          description = "trust domain (SPIFFE-ID, section 2.1)";
        };
        default = plain.identity.trustDomain;
        description = "The trust domain: services of another one are strangers.";
      };
      life = mkOption {
        type = types.strMatching "[0-9]+[smh]" // {
          description = "duration, such as 60s or 24h";
        };
        default = plain.identity.life;
        description = "How long a certificate is valid. It is renewed at a third of that; by SPIRE at a half.";
      };
      socket = mkOption {
        type = types.strMatching "/[^ ]+" // {
          description = "absolute path";
        };
        default = plain.identity.socket;
        description = "With `spiffe`: the socket of the agent, which speaks the SPIFFE Workload API.";
      };
    };

    spireServer =
      listening "spireServer" "spireServer" "the server of SPIRE"
      // limited "spireServer"
      // {
        enable = mkEnableOption "the server of SPIRE on this host, and entries in it for each unit that has an identity. It is given SQLite for its state, which one host at a time can use: back it up";
        package = mkPackageOption pkgs "spire" { };
      };

    spireAgent = limited "spireAgent" // {
      enable = mkEnableOption "the agent of SPIRE on this host, by which its units get their identities";
      package = mkPackageOption pkgs "spire" { };
      credentialsDirectory = mkOption {
        type = types.nullOr secret;
        default = plain.spireAgent.credentialsDirectory;
        example = "/run/keys/spire-agent";
        description = "With a server on another host: the folder of certificate.pem and key.pem, which `identity-authority` made there for this host, and bundle.pem, by which the server is known. systemd hands them over as credentials. `null`: they are made on this host, on which the server runs too.";
      };
    };

    signIn = {
      enable = mkEnableOption "sign-in by OpenID Connect: customers buy and see their own orders, operators see to products, stock and all orders. Without it whoever reaches a port may do everything";
      issuer = mkOption {
        type = types.nullOr url;
        default = plain.signIn.issuer;
        example = "https://id.example.org";
        description = "The OpenID provider, as its tokens name it: of https, or on this host. `null` is Dex of this host ({option}`services.hello-observability.dex.enable`).";
      };
      publicUrl = mkOption {
        type = types.nullOr url;
        default = plain.signIn.publicUrl;
        example = "https://shop.example.org";
        description = "Where people open the page: of https, or of localhost, since a browser keeps a session on no other plain http. `null` is `http://localhost` with the port of the page. The provider has to know its `/auth/callback`.";
      };
      clientId = mkOption {
        type = types.singleLineStr;
        default = plain.signIn.clientId;
        description = "The name of the shop at the provider.";
      };
      clientSecretFile = mkOption {
        type = types.nullOr secret;
        default = plain.signIn.clientSecretFile;
        example = "/run/keys/oidc-client-secret";
        description = "A file with the secret of the shop at the provider, of 22 characters at least. `null`: one is made at the first start, which is enough with Dex of this host. People's sessions are sealed by it too, so a new one signs everybody out.";
      };
      caFile = mkOption {
        type = types.nullOr types.str;
        default = plain.signIn.caFile;
        description = "Certificates (PEM) by which the provider may prove itself, beside those of the system.";
      };
      scopes = mkOption {
        type = types.nullOr types.singleLineStr;
        default = plain.signIn.scopes;
        example = "openid profile email";
        description = "What the provider is asked to tell of a person; `null` is `openid profile email groups offline_access`. Some providers refuse a scope that they do not know.";
      };
      groupsClaim = mkOption {
        type = types.singleLineStr;
        default = plain.signIn.groupsClaim;
        example = "realm_access.roles";
        description = "The claim that names a person's groups; dots lead into objects.";
      };
      operators = mkOption {
        type = types.listOf (types.strMatching "[^,']+");
        default = plain.signIn.operators;
        description = "Who is an operator: groups, and e-mail addresses that the provider has verified.";
      };
      customers = mkOption {
        type = types.listOf (types.strMatching "[^,']+");
        default = plain.signIn.customers;
        description = "Who is a customer, likewise; `*` is everybody who signs in.";
      };
    };

    dex =
      listening "dex" "dex" "Dex"
      // limited "dex"
      // {
        enable = mkEnableOption "Dex, an OpenID provider, on this host";
        users = mkOption {
          default = plain.dex.users;
          example = literalExpression ''
            {
              ann = {
                email = "ann@example.org";
                groups = [ "operator" ];
                passwordHash = "$2b$12$...";
              };
            }
          '';
          description = "Who may sign in, by a name that stays: a person's orders follow it.";
          type = types.attrsOf (
            types.submodule {
              options = {
                email = mkOption {
                  type = types.singleLineStr;
                  description = "The address with which the person signs in.";
                };
                name = mkOption {
                  type = types.nullOr types.singleLineStr;
                  default = null;
                  description = "How the page calls the person; `null` is the name of the attribute.";
                };
                groups = mkOption {
                  type = types.listOf types.singleLineStr;
                  default = [ ];
                  description = "The groups of the person.";
                };
                passwordHash = mkOption {
                  type = types.strMatching "\\$2[aby]\\$1[0-9]\\$.{53}";
                  description = "The password, hashed by bcrypt at a cost of 10 at least (`htpasswd -nBC 12 \"\"`). It stands in the store, where everybody on the host can read it: choose a password that nobody guesses, or another provider.";
                };
              };
            }
          );
        };
      };

    anomalyDetector =
      listening "anomalyDetector" "shop" "the anomaly detector"
      // limited "anomalyDetector"
      // {
        enable = mkEnableOption "the anomaly detector, which learns from Prometheus what is usual and tells what is not";
        prometheusUrl = mkOption {
          type = types.nullOr url;
          default = plain.anomalyDetector.prometheusUrl;
          description = "Where the anomaly detector reads metrics; `null` is Prometheus, where it runs or its address was told.";
        };
        alertmanagerUrl = mkOption {
          type = types.nullOr url;
          default = plain.anomalyDetector.alertmanagerUrl;
          description = "Where the anomaly detector reads silences, which keep it from telling; `null` is Alertmanager, where it runs or its address was told.";
        };
        queriesFile = mkOption {
          type = types.nullOr types.path;
          default = plain.anomalyDetector.queriesFile;
          description = "A file of the queries whose series are learned, in place of those of the shop; see the page about the anomaly detector.";
        };
        interval = mkOption {
          type = types.ints.between 1 3600;
          default = plain.anomalyDetector.interval;
          description = "Seconds from one round of queries to the next.";
        };
        historyHours = mkOption {
          type = types.ints.between 0 720;
          default = plain.anomalyDetector.historyHours;
          description = "How many hours of the past are learned when a query is new.";
        };
      };

    faults.enable = mkEnableOption "faults on this host: root may break the shop on purpose, for practice, by the command `scenario` (see `scenario --help`). What is broken stands on the page and in the metric `fault_active`. Off, the services have no way to be told of a fault";

    loadGenerator = {
      enable = mkEnableOption "traffic for the shop, for a demonstration";
      users = mkOption {
        type = types.ints.between 1 100000;
        default = plain.loadGenerator.users;
        description = "How many users there are at once.";
      };
      extraArgs = mkOption {
        type = types.listOf types.str;
        default = plain.loadGenerator.extraArgs;
        description = "Further arguments; see `load-generator --help`.";
      };
    }
    // limited "loadGenerator";

    prometheus =
      listening "prometheus" "observability" "Prometheus"
      // limited "prometheus"
      // {
        manage = manage "prometheus" "Whether Prometheus is set up as a whole. `false`: {option}`services.prometheus` is the host's own, and is only given our scrape jobs, rules and Alertmanager; {option}`services.hello-observability.prometheus.port` says where it listens. For exemplars it needs `--enable-feature=exemplar-storage`, for the objectives a retention of 30 days.";
        scrapeInterval = mkOption {
          type = interval;
          default = plain.prometheus.scrapeInterval;
          description = "How often metrics are scraped, but for those of the shop.";
        };
        shopScrapeInterval = mkOption {
          type = interval;
          default = plain.prometheus.shopScrapeInterval;
          description = "How often the metrics of the shop's services are scraped.";
        };
        retention = mkOption {
          type = duration;
          default = plain.prometheus.retention;
          description = "How long metrics are kept.";
        };
        agents = mkOption {
          type = types.listOf host;
          default = plain.prometheus.agents;
          example = [ "shop.example.org" ];
          description = "The other hosts whose Promtail and node exporter are scraped.";
        };
      };

    alertmanager =
      listening "alertmanager" "observability" "Alertmanager"
      // limited "alertmanager"
      // import ./receivers.nix {
        inherit lib url secret;
        duration = interval;
        own = plain.alertmanager;
      };

    alerts.runbooksUrl = mkOption {
      type = url;
      default = plain.alerts.runbooksUrl;
      description = "Where people read the runbooks: the folder {file}`nixos/runbooks` of this project or a copy of it. Each alert links to its page there.";
    };

    loki =
      listening "loki" "observability" "Loki"
      // limited "loki"
      // {
        manage = manage "loki" "Whether Loki is set up as a whole. `false`: {option}`services.loki` is the host's own; {option}`services.hello-observability.loki.port` says where it listens. It has to take structured metadata, and its ruler may read our rules in {file}`/etc/hello-observability/loki-rules`.";
        grpcPort =
          port "loki" "grpcPort"
            "gRPC, over which the parts of Loki speak to each other, on loopback";
        retention = mkOption {
          type = hours;
          default = plain.loki.retention;
          description = "How long log lines are kept; at least 24h, which is the period of its index.";
        };
        retentionByLevel = builtins.mapAttrs (
          level: default:
          mkOption {
            type = types.nullOr hours;
            inherit default;
            description = "How long lines of the level ${level}${
              if level == "error" then " or a worse one" else ""
            } are kept; `null` is {option}`services.hello-observability.loki.retention`. At least 24h.";
          }
        ) plain.loki.retentionByLevel;
      };

    promtail =
      listening "promtail" "agents" "Promtail"
      // limited "promtail"
      // {
        package = package "promtail" {
          nullable = true;
          extraDescription = ''
            It has to be built with the journal. The flake's module sets it to the one of nixos-25.11,
            the last release that has it.

            Promtail's upstream ended its life on 2 March 2026: there are no more fixes, not for
            security either. What that means here: it reads only the journal, sends only to the Loki
            that is named, listens on loopback unless told otherwise, and is confined by its unit. An
            operator who may not run software without upkeep switches it off
            ({option}`services.hello-observability.promtail.enable`) and sends the journal by another
            agent, such as Grafana Alloy, under the same labels.
          '';
        };
        settings = freeform { limits_config.readline_rate = 10000; } "Promtail";
        lokiUrl = mkOption {
          type = types.nullOr url;
          default = plain.promtail.lokiUrl;
          description = "The push address of Loki; `null` is that of {option}`services.hello-observability.loki`.";
        };
        matches = mkOption {
          type = types.listOf (types.strMatching "[A-Z0-9_]+=[^ =]+");
          default = plain.promtail.matches;
          example = [
            "_SYSTEMD_UNIT=order-service.service"
            "_SYSTEMD_UNIT=sshd.service"
          ];
          description = "Which journal entries are sent, as in journalctl(1): matches of one field are joined by \"or\", of several fields by \"and\". Empty: the entries of the units that this module runs here, and systemd's own about them.";
        };
      };

    jaeger =
      listening "jaeger" "observability" "Jaeger's page and API"
      // limited "jaeger"
      // {
        package = package "jaeger" {
          nullable = true;
          extraDescription = "It is Jaeger 2; there is one for x86_64-linux. Elsewhere it has to be given, or Jaeger switched off and {option}`services.hello-observability.tracing.endpoint` set.";
        };
        settings = freeform { processors.batch.send_batch_size = 1024; } "Jaeger";
        retention = mkOption {
          type = hours;
          default = plain.jaeger.retention;
          description = "How long spans are kept.";
        };
        queryGrpcPort = port "jaeger" "queryGrpcPort" "Jaeger's API over gRPC";
        otlpGrpcPort = port "jaeger" "otlpGrpcPort" "OTLP over gRPC";
        otlpHttpPort = port "jaeger" "otlpHttpPort" "OTLP over HTTP";
        thriftHttpPort = port "jaeger" "thriftHttpPort" "the older receiver, Thrift over HTTP";
        thriftCompactPort = port "jaeger" "thriftCompactPort" "the older receiver, compact Thrift over UDP";
        healthPort = port "jaeger" "healthPort" "Jaeger's health, on loopback";
        metricsPort = port "jaeger" "metricsPort" "Jaeger's own metrics";
        spanMetricsPort = port "jaeger" "spanMetricsPort" "the metrics that Jaeger makes of spans";
      };

    grafana =
      listening "grafana" "observability" "Grafana"
      // limited "grafana"
      // {
        manage = manage "grafana" "Whether Grafana is set up as a whole. `false`: {option}`services.grafana` is the host's own, and is only given our data sources, none of them the default, and our dashboards; {option}`services.hello-observability.grafana.port` says where it listens.";
        adminPasswordFile = mkOption {
          type = types.nullOr secret;
          default = plain.grafana.adminPasswordFile;
          example = "/run/keys/grafana-admin";
          description = "A file with the password of Grafana's user `admin`. It counts at the first start only. `null`: one is made then, and kept in {file}`/var/lib/grafana-secrets/admin-password`.";
        };
        secretKeyFile = mkOption {
          type = types.nullOr secret;
          default = plain.grafana.secretKeyFile;
          example = "/run/keys/grafana-secret-key";
          description = "A file with the key by which Grafana encrypts what it stores. `null`: one is made at the first start, and kept in {file}`/var/lib/grafana-secrets/secret-key`.";
        };
      };

    nodeExporter = listening "nodeExporter" "agents" "the node exporter" // limited "nodeExporter";
  };
}
