# Whether we would be told: of what watches the shop, and of what the services could not tell.
cfg:
let
  alert = import ./alert.nix cfg;
  inherit (import ./labels.nix) others services withHost;
  telemetry =
    rest:
    alert (
      {
        severity = "warning";
        layer = "telemetry";
        dashboard = "telemetry";
      }
      // rest
    );
  ofJob = rest: telemetry ({ service = "{{ $labels.job }}"; } // rest);
in
[
  {
    name = "telemetry";
    rules = [
      # Fires for good: whoever waits for it learns by its silence that nobody would be told.
      (telemetry {
        name = "Watchdog";
        expr = "vector(1)";
        severity = "none";
        summary = "Alerts are delivered";
        description = "This alert always fires. When it stops arriving, Prometheus, Alertmanager or the way to you is broken.";
      })
      (ofJob {
        name = "TargetMissing";
        expr = withHost "up{${others}} == 0";
        # A back end that reads its log anew takes some seconds.
        for = "1m";
        summary = "{{ $labels.job }} is not there";
        description = "{{ $labels.job }} at {{ $labels.instance }} has not answered Prometheus for a minute.";
      })
      (ofJob {
        name = "SpansDropped";
        expr = "sum by (job) (increase(telemetry_spans_dropped_total[5m])) > 0";
        # Jaeger's restart costs some.
        for = "1m";
        summary = "{{ $labels.job }} drops spans";
        description = "{{ $labels.job }} could not send {{ $value | humanize }} spans in five minutes: traces have gaps.";
      })
      (ofJob {
        name = "LogsDropped";
        expr = "sum by (job) (increase(telemetry_logs_dropped_total[5m])) > 0";
        summary = "{{ $labels.job }} drops log lines";
        description = "{{ $labels.job }} could not write {{ $value | humanize }} log lines in five minutes.";
      })
      (ofJob {
        name = "LogsMissing";
        # Each request of a customer leaves an access line: requests without lines are a silence
        # that is none. One request every ten seconds at least.
        expr =
          "job:http_server_requests:rate1m{${services}} > 0.1 unless on (job) "
          + "label_replace(sum by (service) (rate(promtail_journal_lines_total[5m])) > 0, \"job\", \"$1\", \"service\", \"(.+)\")"
          + " and on () group(up{job=\"promtail\"})";
        for = "5m";
        summary = "No log lines arrive from {{ $labels.job }}";
        description = "{{ $labels.job }} answers {{ $value | humanize }} requests a second, and Promtail has read no line of it for ten minutes.";
      })
      (telemetry {
        name = "LogsNotStored";
        expr = withHost "sum by (instance) (increase(promtail_dropped_entries_total[5m])) > 0";
        summary = "Promtail gives log lines up";
        description = "Promtail on {{ $labels.host }} gave {{ $value | humanize }} lines up in five minutes, which Loki did not take.";
      })
      (telemetry {
        name = "TracesNotStored";
        # With and without the suffix: it depends on the version of the collector in Jaeger.
        expr = "sum(increase({__name__=~\"otelcol_exporter_send_failed_spans(_total)?\"}[5m])) > 0";
        summary = "Jaeger does not store spans";
        description = "Jaeger took {{ $value | humanize }} spans in five minutes that it could not store.";
      })
      (telemetry {
        name = "RulesFail";
        expr = "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0";
        severity = "critical";
        summary = "Alerts are not worked out";
        description = "{{ $value | humanize }} evaluations of the rules {{ $labels.rule_group }} failed in five minutes: their alerts are silent.";
      })
      (telemetry {
        name = "AlertsNotSent";
        expr = "sum by (alertmanager) (increase(prometheus_notifications_errors_total[5m])) > 0";
        for = "1m";
        severity = "critical";
        summary = "Prometheus cannot reach Alertmanager";
        description = "{{ $value | humanize }} notifications to {{ $labels.alertmanager }} failed in five minutes.";
      })
      (telemetry {
        name = "AlertsNotDelivered";
        expr = "sum by (integration) (increase(alertmanager_notifications_failed_total[5m])) > 0";
        severity = "critical";
        summary = "Alerts do not arrive by {{ $labels.integration }}";
        description = "{{ $value | humanize }} notifications by {{ $labels.integration }} failed in five minutes.";
      })
      (ofJob {
        name = "TooManySeries";
        # A service has some hundreds: methods, routes and statuses are few. More is a label that a
        # client can choose.
        expr = "max by (job) (scrape_samples_scraped{${services}}) > 5000";
        for = "5m";
        summary = "{{ $labels.job }} exposes too many series";
        description = "{{ $labels.job }} exposes {{ $value | humanize }} samples; some label has values without bound.";
      })
    ];
  }
]
