# Hosts that define something beside ours: { <host> = { module; expected; actual; } }, where `actual`
# is asked of its configuration, or { module; refused; }, a part of the one assertion that fails, or
# { module; untyped; }, a value of its configuration that its type refuses.
# Evaluated where there is nixpkgs: nixos/checks/evaluation.nix.
let
  host = module: {
    imports = [ module ];
    services.hello-observability.enable = true;
  };
  jobs = config: map (job: job.job_name) config.services.prometheus.scrapeConfigs;
  sources = config: config.services.grafana.provision.datasources.settings.datasources;
in
{
  "a plain definition goes before ours in Loki, Grafana and a unit" = {
    module = host {
      services.loki.configuration.limits_config.retention_period = "24h";
      services.grafana.settings.analytics.reporting_enabled = true;
      services.prometheus.globalConfig.evaluation_interval = "7s";
      systemd.services = {
        order-service.serviceConfig.WatchdogSec = 30;
        jaeger.environment.GOGC = "100";
        prometheus.serviceConfig.MemoryMax = "4G";
      };
      systemd.sockets.order-service.socketConfig.Backlog = 128;
    };
    expected = [
      "24h"
      true
      "7s"
      30
      "100"
      "4G"
      128
    ];
    actual = config: [
      config.services.loki.configuration.limits_config.retention_period
      config.services.grafana.settings.analytics.reporting_enabled
      config.services.prometheus.globalConfig.evaluation_interval
      config.systemd.services.order-service.serviceConfig.WatchdogSec
      config.systemd.services.jaeger.environment.GOGC
      config.systemd.services.prometheus.serviceConfig.MemoryMax
      config.systemd.sockets.order-service.socketConfig.Backlog
    ];
  };

  "and leaves what is beside it" = {
    module = host {
      services.loki.configuration.limits_config.retention_period = "24h";
      systemd.services.order-service.serviceConfig.WatchdogSec = 30;
    };
    expected = [
      true
      "main"
    ];
    actual = config: [
      config.services.loki.configuration.limits_config.allow_structured_metadata
      config.systemd.services.order-service.serviceConfig.NotifyAccess
    ];
  };

  "SPIRE's agent keeps the user of its module, is reached by others, and looks at who asks" = {
    module = host {
      services.hello-observability = {
        identity.source = "spiffe";
        spireServer.enable = true;
        spireAgent.enable = true;
      };
    };
    expected = [
      "spire-agent"
      false
      false
      "/run/spire/agent/api.sock"
      "127.0.0.1"
      8085
    ];
    actual =
      config:
      let
        own = config.systemd.services.spire-agent.serviceConfig;
        inherit (config.services.spire) agent server;
      in
      [
        own.User
        (own.DynamicUser or false)
        (own ? ProtectProc)
        agent.settings.agent.socket_path
        server.settings.server.bind_address
        server.settings.server.bind_port
      ];
  };

  "a service is reloaded by SIGHUP, and by one word for it" = {
    module = host { };
    expected = true;
    actual =
      config:
      let
        own = config.systemd.services.order-service.serviceConfig;
      in
      (own.Type == "notify-reload") != (own ? ExecReload);
  };

  "a host adds scrape jobs, data sources and credentials of its own" = {
    module = host {
      services.hello-observability.tracing.headersFile = "/run/keys/otlp-headers";
      services.prometheus.scrapeConfigs = [ { job_name = "host"; } ];
      services.grafana.provision.datasources.settings.datasources = [
        {
          name = "Host";
          type = "prometheus";
        }
      ];
      systemd.services.order-service.serviceConfig.LoadCredential = [ "own:/run/keys/own" ];
    };
    expected = {
      jobs = [
        true
        true
      ];
      sources = [
        true
        true
      ];
      credentials = 2;
    };
    actual = config: {
      jobs = map (job: builtins.elem job (jobs config)) [
        "host"
        "order-service"
      ];
      sources = map (name: builtins.any (source: source.name == name) (sources config)) [
        "Host"
        "Loki"
      ];
      credentials = builtins.length config.systemd.services.order-service.serviceConfig.LoadCredential;
    };
  };

  "a Prometheus, a Loki and a Grafana of the host's own keep what is theirs, and get what is ours" = {
    module = host {
      services.hello-observability = {
        prometheus.manage = false;
        prometheus.port = 9999;
        loki.manage = false;
        grafana.manage = false;
      };
      services.prometheus = {
        enable = true;
        port = 9999;
        globalConfig.scrape_interval = "1m";
        scrapeConfigs = [ { job_name = "host"; } ];
      };
      services.loki = {
        enable = true;
        configuration.auth_enabled = false;
      };
      services.grafana = {
        enable = true;
        settings.security.secret_key = "$__file{/run/keys/grafana-secret-key}";
      };
    };
    expected = {
      prometheus = [
        "1m"
        null
        true
        true
        true
        false
      ];
      intervals = [ "5s" ];
      loki = {
        auth_enabled = false;
      };
      rules = true;
      grafana = [
        false
        true
        true
        false
        false
      ];
    };
    actual = config: {
      prometheus = [
        config.services.prometheus.globalConfig.scrape_interval
        config.services.prometheus.retentionTime
        (builtins.elem "host" (jobs config))
        (builtins.elem "order-service" (jobs config))
        (config.services.prometheus.ruleFiles != [ ])
        (config.systemd.services.prometheus.serviceConfig ? MemoryMax)
      ];
      intervals = map (job: job.scrape_interval) (
        builtins.filter (job: job.job_name == "node") config.services.prometheus.scrapeConfigs
      );
      loki = config.services.loki.configuration;
      rules = config.environment.etc ? "hello-observability/loki-rules/fake/logs.yaml";
      grafana = [
        (config.services.grafana.settings.plugins or { } ? preinstall_disabled)
        (sources config != [ ])
        (config.services.grafana.provision.dashboards.settings.providers != [ ])
        (builtins.any (source: source.isDefault or false) (sources config))
        (config.systemd.services ? grafana-secrets)
      ];
    };
  };

  "a host's settings of Jaeger are in its file" = {
    module = host {
      services.hello-observability.jaeger.settings.processors.batch.send_batch_size = 1024;
    };
    expected = {
      processors.batch.send_batch_size = 1024;
    };
    actual = config: config.services.hello-observability.jaeger.settings;
  };

  "a secret in the store" = {
    module = host {
      services.hello-observability.grafana.adminPasswordFile = "/nix/store/00000000000000000000000000000000-secret";
    };
    untyped = config: config.services.hello-observability.grafana.adminPasswordFile;
  };
  "a secret that Nix would copy there" = {
    module = host {
      services.hello-observability.alertmanager.slack.one.urlFile = ./run;
    };
    untyped = config: config.services.hello-observability.alertmanager.slack.one.urlFile;
  };
  "a secret outside of it" = {
    module = host {
      services.hello-observability.grafana.adminPasswordFile = "/run/keys/grafana-admin";
    };
    expected = "/run/keys/grafana-admin";
    actual = config: config.services.hello-observability.grafana.adminPasswordFile;
  };
  "settings of Jaeger that no JSON can say" = {
    module = host { services.hello-observability.jaeger.settings.processors = x: x; };
    untyped = config: config.services.hello-observability.jaeger.settings.processors;
  };

  "a port that the others do not learn of" = {
    module = host { services.prometheus.port = 9999; };
    refused = "services.prometheus listens on 9999, but the others look for it on 9090";
  };
  "Loki's port too" = {
    module = host { services.loki.configuration.server.http_listen_port = 3101; };
    refused = "services.loki listens on 3101";
  };
  "a Loki that wants to know whose lines they are" = {
    module = host {
      services.hello-observability.loki.manage = false;
      services.loki.enable = true;
    };
    refused = "set services.loki.configuration.auth_enabled = false";
  };
  "a Loki of the host's own whose settings are in a file, on another port" = {
    module = host {
      services.hello-observability.loki = {
        manage = false;
        port = 3101;
      };
      services.loki = {
        enable = true;
        configFile = "/etc/loki.yaml";
      };
    };
    expected = true;
    actual = config: builtins.any (source: source.url == "http://127.0.0.1:3101") (sources config);
  };
  "a host that switches off what the others look for" = {
    module = host { services.grafana.enable = false; };
    refused = "grafana is enabled, but services.grafana is not";
  };
  "a unit of the host's own with the name of one of ours" = {
    module = host { systemd.services.frontend.serviceConfig.ExecStart = "/run/own/frontend"; };
    untyped = config: config.systemd.services.frontend.serviceConfig.ExecStart;
  };
  "a trigger of the host's own for a unit of ours" = {
    module = host (
      { options, ... }:
      {
        systemd.services.order-service =
          # As module/units.nix asks.
          if options.systemd.services.type.getSubOptions [ ] ? reloadTriggers then
            { reloadTriggers = [ "own" ]; }
          else
            { };
      }
    );
    expected = true;
    actual = config: config.systemd.units ? "order-service.service";
  };
  "queries of the host's own, by a path of Nix" = {
    module = host {
      services.hello-observability.anomalyDetector = {
        enable = true;
        queriesFile = ./run;
      };
    };
    expected = true;
    actual =
      config:
      builtins.match "/nix/store/.*-run" config.systemd.services.anomaly-detector.environment.QUERIES_FILE
      != null;
  };
  "a Prometheus of the host's own that does not run" = {
    module = host { services.hello-observability.prometheus.manage = false; };
    refused = "prometheus is enabled, but services.prometheus is not";
  };
}
