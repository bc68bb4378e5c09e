# What the anomaly detector has found, where it runs; and that it looks at all.
cfg:
let
  alert = import ./alert.nix cfg;
in
[
  {
    name = "anomalies";
    rules = [
      (alert {
        name = "AnomalyFound";
        # One series for each anomaly: the first of those that left what is usual. It has made sure
        # already, over two of its rounds.
        expr = "max by (query, job) (anomaly_events_active) > 0";
        severity = "warning";
        layer = "symptom";
        service = "{{ $labels.job }}";
        summary = "Unusual: {{ $labels.query }} of {{ $labels.job }}";
        description = "{{ $labels.query }} of {{ $labels.job }} is {{ with query (printf \"anomaly_observed{query='%s',job='%s'}\" $labels.query $labels.job) }}{{ . | first | value | printf \"%.3g\" }}{{ else }}missing{{ end }}, expected {{ with query (printf \"anomaly_lower{query='%s',job='%s'}\" $labels.query $labels.job) }}{{ . | first | value | printf \"%.3g\" }}{{ end }} to {{ with query (printf \"anomaly_upper{query='%s',job='%s'}\" $labels.query $labels.job) }}{{ . | first | value | printf \"%.3g\" }}{{ end }}.";
        dashboard = "service";
      })
      (alert {
        name = "AnomalyDetectorBehind";
        # Eight rounds of fifteen seconds.
        expr = "time() - anomaly_detector_last_round_timestamp_seconds > 120";
        for = "1m";
        severity = "warning";
        layer = "telemetry";
        service = "anomaly-detector";
        summary = "The anomaly detector is behind";
        description = "Its queries were last answered in full {{ $value | humanizeDuration }} ago: what is unusual is not found meanwhile.";
        dashboard = "telemetry";
      })
    ];
  }
]
