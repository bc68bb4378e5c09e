# The configuration of Jaeger 2, in the words of the OpenTelemetry collector that it is built on.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.jaeger;
  data = "/var/lib/jaeger";
  endpoint = port: { endpoint = addresses.listenOnPort "jaeger" port; };
  # Ports that only this host asks.
  local = port: { endpoint = "127.0.0.1:${toString port}"; };

  tail = cfg.tracing.tail;
  receivers = [
    "otlp"
    "jaeger"
  ];
  # Every span is counted, whichever are kept. The traces that are not kept would be missing from
  # the rates: with tail-based sampling the two ways part at the receivers.
  traces =
    if tail.enable then
      {
        "traces/stored" = {
          inherit receivers;
          processors = [
            "tail_sampling"
            "batch"
          ];
          exporters = [ "jaeger_storage_exporter" ];
        };
        "traces/counted" = {
          inherit receivers;
          processors = [ "batch" ];
          exporters = [ "spanmetrics" ];
        };
      }
    else
      {
        traces = {
          inherit receivers;
          processors = [ "batch" ];
          exporters = [
            "jaeger_storage_exporter"
            "spanmetrics"
          ];
        };
      };
in
import ../merge.nix {
  service = {
    extensions = [
      "jaeger_storage"
      "jaeger_query"
      "healthcheckv2"
    ];
    pipelines = traces // {
      # Rates, errors and durations by service and operation, for the Monitor tab.
      "metrics/spanmetrics" = {
        receivers = [ "spanmetrics" ];
        exporters = [ "prometheus" ];
      };
    };
    telemetry = {
      logs.level = "warn";
      metrics = {
        level = "detailed";
        readers = [
          {
            pull.exporter.prometheus = {
              host = addresses.listen "jaeger";
              port = own.metricsPort;
              # Counters end in _total, or Prometheus doubts that they are counters.
              without_type_suffix = false;
              # Told nothing of these two, it keeps to names without them; told one, to none of its defaults.
              without_units = true;
              without_scope_info = true;
            };
          }
        ];
      };
    };
  };

  receivers = {
    otlp.protocols = {
      grpc = endpoint own.otlpGrpcPort;
      http = endpoint own.otlpHttpPort;
    };
    # Clients of the guide's time: Thrift over HTTP, and over UDP in the compact protocol.
    jaeger.protocols = {
      thrift_http = endpoint own.thriftHttpPort;
      thrift_compact = endpoint own.thriftCompactPort;
    };
  };

  processors = {
    # A span can be read a fifth of a second after it came, or after its trace was decided upon.
    batch.timeout = "200ms";
  }
  // (if tail.enable then { tail_sampling = import ./tail-sampling.nix tail; } else { });

  exporters = {
    jaeger_storage_exporter.trace_storage = "disk";
    prometheus = endpoint own.spanMetricsPort;
  };

  # Newer releases call it span_metrics, and still know this name; 2.13 knows no other.
  # As often as Prometheus asks; its default of a minute would keep the Monitor tab empty as long.
  connectors.spanmetrics.metrics_flush_interval = cfg.prometheus.scrapeInterval;

  extensions = {
    healthcheckv2 = {
      use_v2 = true;
      http = local own.healthPort;
    };
    jaeger_query = {
      storage = {
        traces = "disk";
      }
      // (if addresses.known "prometheus" then { metrics = "prometheus"; } else { });
      # Both are named: unnamed they listen on all interfaces.
      http = endpoint own.port;
      grpc = endpoint own.queryGrpcPort;
    };
    jaeger_storage = {
      backends.disk.badger = {
        directories = {
          keys = "${data}/keys";
          values = "${data}/values";
        };
        ephemeral = false;
        ttl.spans = own.retention;
      };
    }
    // (
      if addresses.known "prometheus" then
        {
          metric_backends.prometheus.prometheus = {
            endpoint = addresses.url "prometheus";
            # The connector's names are in Prometheus' form; without both the tab stays empty.
            normalize_calls = true;
            normalize_duration = true;
          };
        }
      else
        { }
    );
  };
} own.settings
