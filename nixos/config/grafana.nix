# Grafana: its settings, its data sources with fixed uids, and where its dashboards lie. A trace
# leads to its logs and metrics, a log line and an exemplar to their trace.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.grafana;
  credentials = "/run/credentials/grafana.service";

  source =
    part: rest: if addresses.known part then [ ({ url = addresses.url part; } // rest) ] else [ ];
  # In provisioned files "$" begins a variable of the environment; "$$" is the sign itself.
  expression = name: "$\${${name}}";
in
{
  settings = {
    server = {
      http_addr = addresses.listen "grafana";
      http_port = own.port;
    };
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
    plugins.preinstall_disabled = true;
    # Charts in a dashboard, and nothing to log in for, are what its readers look for first.
    dashboards.default_home_dashboard_path = "${cfg.dashboards}/microservices.json";
  };

  datasources =
    source "prometheus" {
      name = "Prometheus";
      uid = "prometheus";
      type = "prometheus";
      access = "proxy";
      isDefault = true;
      jsonData = {
        httpMethod = "POST";
        timeInterval = cfg.prometheus.scrapeInterval;
        exemplarTraceIdDestinations = [
          {
            name = "trace_id";
            datasourceUid = "jaeger";
          }
        ];
      };
    }
    ++ source "alertmanager" {
      name = "Alertmanager";
      uid = "alertmanager";
      type = "alertmanager";
      access = "proxy";
      jsonData = {
        implementation = "prometheus";
        # Alerts that somebody makes in Grafana leave by the same way as the others.
        handleGrafanaManagedAlerts = true;
      };
    }
    ++ source "loki" {
      name = "Loki";
      uid = "loki";
      type = "loki";
      access = "proxy";
      jsonData.derivedFields = [
        {
          name = "Trace";
          matcherType = "label";
          matcherRegex = "trace_id";
          datasourceUid = "jaeger";
          url = expression "__value.raw";
          urlDisplayLabel = "Follow the trace";
        }
      ];
    }
    ++ source "jaeger" {
      name = "Jaeger";
      uid = "jaeger";
      type = "jaeger";
      access = "proxy";
      jsonData = {
        nodeGraph.enabled = true;
        # Clocks of several hosts and late spans: some minutes on either side.
        tracesToLogsV2 = {
          datasourceUid = "loki";
          spanStartTimeShift = "-5m";
          spanEndTimeShift = "5m";
          customQuery = true;
          query = "{service=~\".+\"} | trace_id=\"${expression "__trace.traceId"}\"";
        };
        tracesToMetrics = {
          datasourceUid = "prometheus";
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
    };

  dashboards = [
    {
      name = "Hello Observability";
      folder = "Hello Observability";
      type = "file";
      # What is changed in the browser goes at the next start: the file is what counts.
      allowUiUpdates = false;
      options.path = "${cfg.dashboards}";
    }
  ];
}
