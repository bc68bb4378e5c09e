# The telemetry's own alerts.
let
  lines = "promtail_journal_lines_total{instance=\"127.0.0.1:9080\",job=\"promtail\",service=\"order-service\",unit=\"order-service.service\",level=\"info\"}";
  requests = "http_server_requests_seconds_count{job=\"order-service\",method=\"GET\",uri=\"/orders\",status=\"200\",outcome=\"SUCCESS\"}";
  promtail = {
    instance = "127.0.0.1:9080";
    job = "promtail";
    host = "127.0.0.1";
  };
  # A counter that grows by two a sample from the minute on.
  counter = series: alert: rest: {
    every = "5s";
    series.${series} = "0x12 0+2x60";
    silent = [
      {
        at = 60;
        inherit alert;
      }
    ];
    fires = [
      (
        {
          at = 150;
          inherit alert;
        }
        // rest
      )
    ];
  };
in
{
  "the watchdog always fires" = {
    every = "5s";
    series."up{job=\"prometheus\"}" = "1x10";
    fires = [
      {
        at = 0;
        alert = "Watchdog";
        description = "This alert always fires. When it stops arriving, Prometheus, Alertmanager or the way to you is broken.";
      }
    ];
  };

  "a back end that is away is told after a minute, and is no service" = {
    every = "5s";
    series."up{instance=\"127.0.0.1:9080\",job=\"promtail\"}" = "1x11 0x30";
    silent = [
      {
        at = 115;
        alert = "TargetMissing";
      }
      {
        at = 120;
        alert = "ServiceDown";
      }
    ];
    fires = [
      {
        at = 120;
        alert = "TargetMissing";
        labels = promtail;
        description = "promtail at 127.0.0.1:9080 has not answered Prometheus for a minute.";
      }
    ];
  };

  "spans are dropped" =
    counter "telemetry_spans_dropped_total{job=\"gateway-service\"}" "SpansDropped"
      {
        labels.job = "gateway-service";
        description = "gateway-service could not send 34 spans in five minutes: traces have gaps.";
      };
  "log lines are dropped" =
    counter "telemetry_logs_dropped_total{job=\"gateway-service\"}" "LogsDropped"
      {
        labels.job = "gateway-service";
        description = "gateway-service could not write 34 log lines in five minutes.";
      };
  "Promtail gives lines up" =
    counter
      "promtail_dropped_entries_total{instance=\"127.0.0.1:9080\",job=\"promtail\",reason=\"ingester_error\"}"
      "LogsNotStored"
      {
        labels = {
          inherit (promtail) instance host;
        };
        description = "Promtail on 127.0.0.1 gave 34 lines up in five minutes, which Loki did not take.";
      };
  "Jaeger does not store spans" =
    counter "otelcol_exporter_send_failed_spans_total{job=\"jaeger\"}" "TracesNotStored"
      { description = "Jaeger took 34 spans in five minutes that it could not store."; };
  "a rule fails" =
    counter "prometheus_rule_evaluation_failures_total{job=\"prometheus\",rule_group=\"shop.yml;shop\"}"
      "RulesFail"
      {
        labels.rule_group = "shop.yml;shop";
        description = "34 evaluations of the rules shop.yml;shop failed in five minutes: their alerts are silent.";
      };
  "Alertmanager cannot be reached" =
    counter
      "prometheus_notifications_errors_total{job=\"prometheus\",alertmanager=\"http://127.0.0.1:9093/api/v2/alerts\"}"
      "AlertsNotSent"
      {
        labels.alertmanager = "http://127.0.0.1:9093/api/v2/alerts";
        description = "34 notifications to http://127.0.0.1:9093/api/v2/alerts failed in five minutes.";
      };
  "alerts do not arrive" =
    counter "alertmanager_notifications_failed_total{job=\"alertmanager\",integration=\"slack\"}"
      "AlertsNotDelivered"
      {
        labels.integration = "slack";
        description = "34 notifications by slack failed in five minutes.";
      };

  "a unit answers and writes no line" = {
    every = "5s";
    series = {
      ${requests} = "0+5x240";
      ${lines} = "0+10x60 600x180";
      "up{instance=\"127.0.0.1:9080\",job=\"promtail\"}" = "1x240";
    };
    silent = [
      {
        at = 890;
        alert = "LogsMissing";
      }
    ];
    fires = [
      {
        at = 915;
        alert = "LogsMissing";
        labels.job = "order-service";
        description = "order-service answers 1 requests a second, and Promtail has read no line of it for ten minutes.";
      }
    ];
  };

  "a unit that nobody asks writes nothing" = {
    every = "5s";
    series = {
      ${lines} = "600x240";
      ${requests} = "7x240";
      "up{instance=\"127.0.0.1:9080\",job=\"promtail\"}" = "1x240";
    };
    silent = [
      {
        at = 1000;
        alert = "LogsMissing";
      }
    ];
  };

  "a system without Promtail has no lines to miss" = {
    every = "5s";
    series.${requests} = "0+5x240";
    silent = [
      {
        at = 1000;
        alert = "LogsMissing";
      }
    ];
  };

  "a service with a label without bound" = {
    every = "5s";
    series."scrape_samples_scraped{job=\"gateway-service\"}" = "900x11 6000x80";
    silent = [
      {
        at = 355;
        alert = "TooManySeries";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "TooManySeries";
        labels.job = "gateway-service";
        description = "gateway-service exposes 6k samples; some label has values without bound.";
      }
    ];
  };
}
