# Grafana: its settings, its secrets, its data sources with fixed uids, and where its dashboards lie. A
# trace leads to its logs, its metrics and the dashboard of each service; a log line and an exemplar
# lead to their trace.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.grafana;
  sources = import ./sources.nix;
  fields = import ./fields.nix;
  credentials = "/run/credentials/grafana.service";
  signIn = import ./sign-in.nix cfg;

  # Each with the file that was given; what was not given is made on the first start.
  secrets = {
    admin-password = own.adminPasswordFile;
    secret-key = own.secretKeyFile;
  };
  secretsFolder = "/var/lib/grafana-secrets";

  source =
    part: rest: if addresses.known part then [ ({ url = addresses.url part; } // rest) ] else [ ];
  # In provisioned files "$" begins a variable of the environment; "$$" is the sign itself.
  expression = name: "$\${${name}}";
  value = expression "__value.raw";
  lines = "{${fields.labels.service}=~\".+\"}";
  trace =
    id:
    import ./explore.nix {
      source = sources.jaeger;
      query.query = "TRACE";
      from = "now-1h";
      to = "now";
      filled.TRACE = id;
    };
  dashboardOf = service: "/d/service?var-service=${service}";

  # Links of a span. Grafana does not start with one to a data source that there is not.
  # Not as a query, which Grafana asks for the microseconds of the span alone: its lines come later.
  linesOfTrace = {
    type = "external";
    label = "Lines of the trace";
    description = "The log lines of the whole trace, of the last day.";
    config = {
      field = "traceID";
      target.url = import ./explore.nix {
        source = sources.loki;
        query = {
          expr = "${lines} | ${fields.ids.trace}=\"TRACE\"";
          queryType = "range";
        };
        from = "now-24h";
        to = "now";
        filled.TRACE = value;
      };
    };
  };
  pageOfService = {
    type = "external";
    label = "Dashboard of this service";
    description = "The page of the service that this span is of.";
    config = {
      field = "serviceName";
      target.url = dashboardOf value;
    };
  };
in
{
  madeSecrets = builtins.filter (name: secrets.${name} == null) (builtins.attrNames secrets);
  loadCredential =
    map (
      name: "${name}:${if secrets.${name} != null then secrets.${name} else "${secretsFolder}/${name}"}"
    ) (builtins.attrNames secrets)
    ++ (if signIn.grafana then [ "oidc-secret:${signIn.grafanaSecret}" ] else [ ]);

  settings =
    (
      if !signIn.grafana then
        { }
      else
        {
          "auth.generic_oauth" = {
            enabled = true;
            name = "the shop's account";
            client_id = "grafana";
            client_secret = "$__file{${credentials}/oidc-secret}";
            scopes = "openid profile email groups offline_access";
            auth_url = "${signIn.issuer}/auth";
            token_url = "${signIn.issuer}/token";
            api_url = "${signIn.issuer}/userinfo";
            use_pkce = true;
            use_refresh_token = true;
            login_attribute_path = "preferred_username || email";
            # An operator of the shop sees to its dashboards; everybody else is not let in.
            role_attribute_path = builtins.concatStringsSep " || " (
              map (name: "contains(groups[*], '${name}') && 'Admin'") cfg.signIn.operators
            );
            role_attribute_strict = true;
          };
        }
    )
    // {
      server = {
        http_addr = addresses.listen "grafana";
        http_port = own.port;
      }
      // (if signIn.grafana then { root_url = "${signIn.grafanaUrl}/"; } else { });
      security = {
        admin_password = "$__file{${credentials}/admin-password}";
        secret_key = "$__file{${credentials}/secret-key}";
      };
      # Nothing of it speaks to the outside.
      analytics = {
        reporting_enabled = false;
        check_for_updates = false;
        check_for_plugin_updates = false;
        feedback_links_enabled = false;
      };
      news.news_feed_enabled = false;
      # Its log is in the journal alone.
      log.mode = "console";
      plugins = {
        preinstall_disabled = true;
        # Of plugins that somebody installs; those of Grafana itself come with it.
        public_key_retrieval_disabled = true;
      };
      # Charts in a dashboard, and nothing to log in for, are what its readers look for first.
      dashboards.default_home_dashboard_path = "${cfg.dashboards}/microservices.json";
    };

  datasources = {
    apiVersion = 1;
    # A data source that is no longer provisioned goes.
    prune = true;
    datasources =
      source "prometheus" {
        name = "Prometheus";
        inherit (sources.prometheus) type uid;
        access = "proxy";
        isDefault = true;
        jsonData = {
          httpMethod = "POST";
          timeInterval = cfg.prometheus.scrapeInterval;
          exemplarTraceIdDestinations = [
            {
              name = fields.ids.trace;
              # Not by the uid of the data source: that link asks in the language of Tempo, and Jaeger
              # answers nothing.
              url = trace value;
              urlDisplayLabel = "Follow the trace";
            }
          ];
        };
      }
      ++ source "alertmanager" {
        name = "Alertmanager";
        inherit (sources.alertmanager) type uid;
        access = "proxy";
        jsonData = {
          implementation = "prometheus";
          # Alerts that somebody makes in Grafana leave by the same way as the others.
          handleGrafanaManagedAlerts = true;
        };
      }
      ++ source "loki" {
        name = "Loki";
        inherit (sources.loki) type uid;
        access = "proxy";
        jsonData.derivedFields = [
          {
            name = "Trace";
            matcherType = "label";
            matcherRegex = fields.ids.trace;
            datasourceUid = sources.jaeger.uid;
            url = value;
            urlDisplayLabel = "Follow the trace";
          }
          {
            name = "Dashboard";
            matcherType = "label";
            matcherRegex = fields.labels.service;
            url = dashboardOf value;
            urlDisplayLabel = "See the service";
          }
        ];
      }
      ++ source "jaeger" {
        name = "Jaeger";
        inherit (sources.jaeger) type uid;
        access = "proxy";
        jsonData = {
          nodeGraph.enabled = true;
          # Clocks of several hosts and late spans: some minutes on either side.
          tracesToLogsV2 = {
            datasourceUid = sources.loki.uid;
            spanStartTimeShift = "-5m";
            spanEndTimeShift = "5m";
            customQuery = true;
            query = "${lines} | ${fields.ids.span}=\"${expression "__span.spanId"}\"";
          };
          tracesToMetrics = {
            datasourceUid = sources.prometheus.uid;
            spanStartTimeShift = "-5m";
            spanEndTimeShift = "5m";
            tags = [
              {
                key = "service.name";
                value = "job";
              }
            ];
            queries = [
              {
                name = "Requests a second";
                query = "sum by (uri, status) (rate(http_server_requests_seconds_count{$$__tags}[1m]))";
              }
              {
                name = "95th percentile";
                query = "histogram_quantile(0.95, sum by (le, uri) (rate(http_server_requests_seconds_bucket{$$__tags}[1m])))";
              }
            ];
          };
        };
        # Beside the two links that a span has anyway.
        correlations = (if addresses.known "loki" then [ linesOfTrace ] else [ ]) ++ [ pageOfService ];
      };
  };

  dashboards = {
    apiVersion = 1;
    providers = [
      {
        name = "Hello Observability";
        folder = "Hello Observability";
        type = "file";
        # What is changed in the browser goes at the next start: the file is what counts.
        allowUiUpdates = false;
        options.path = "${cfg.dashboards}";
      }
    ];
  };
}
