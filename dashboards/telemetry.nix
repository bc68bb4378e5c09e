# Whether we can believe what we see: what watches the shop, watched itself, and what it costs.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    ;
  inherit (import ../nixos/config/rules/labels.nix) services asked;
  inherit (import ../nixos/config/fields.nix) labels troubled;

  third = rest: panels.timeseries ({ width = 8; } // rest);
  number = panels.stat;
  # With and without the suffix: it depends on the version of the collector in Jaeger.
  collector = name: "{__name__=~\"otelcol_${name}(_total)?\"}";
  perSecond = series: "sum(rate(${series}[$__rate_interval]))";
  none = expr: "(${expr} or vector(0))";

  # Requests of customers, each of which is one trace.
  requests = "(sum(rate(http_server_requests_seconds_count{job=\"frontend\",${asked}}[$__rate_interval])) > 0)";
  # Prometheus keeps a sample in one to two bytes (its manual, "Storage").
  bytesOfASample = "1.5";
  dropped = what: "sum(increase(telemetry_${what}_dropped_total[$__range]))";
  dropOf =
    what: title:
    number {
      inherit title;
      description = "By all services, in the time that is shown. Zero while all is well.";
      unit = "none";
      decimals = 0;
      good = panels.above { critical = 1; };
      targets = [ (targets.series (dropped what) "dropped") ];
    };
  toService = [ (links.serviceOfLabel "job") ];
in
dashboard {
  uid = "telemetry";
  title = "Telemetry";
  description = "The health of metrics, logs and traces themselves: what fails to arrive, how late it comes, how much of it there is, and what it costs.";
  services = "job!=\"\"";
  rows =
    numbers [
      (number {
        title = "Targets missing";
        description = "Programs that Prometheus asks and that do not answer.";
        unit = "none";
        good = panels.above { critical = 1; };
        targets = [ (targets.series "sum(up == bool 0)" "missing") ];
      })
      (dropOf "spans" "Spans dropped")
      (dropOf "logs" "Log lines dropped")
      (number {
        title = "Lines given up";
        description = "By Promtail, that Loki did not take, in the time that is shown.";
        unit = "none";
        decimals = 0;
        good = panels.above { critical = 1; };
        targets = [ (targets.series "sum(increase(promtail_dropped_entries_total[$__range]))" "lines") ];
      })
      (number {
        title = "Rules that failed";
        description = "Evaluations that failed in the time that is shown: the alerts of such a rule are silent.";
        unit = "none";
        decimals = 0;
        good = panels.above { critical = 1; };
        targets = [
          (targets.series "sum(increase(prometheus_rule_evaluation_failures_total[$__range]))" "failures")
        ];
      })
      (number {
        title = "Alerting";
        description = "Whether the way from a rule to Alertmanager is open.";
        unit = "none";
        good = panels.below { critical = 1; };
        names = {
          "0" = "MISSING";
          "1" = "FIRES";
        };
        targets = [
          (targets.series (none "max(ALERTS{alertname=\"Watchdog\",alertstate=\"firing\"})") "Watchdog")
        ];
      })
    ]
    ++ [
      { section = "Metrics"; }
      {
        height = 8;
        panels = [
          (third {
            title = "Targets";
            description = "1 where a target answers, 0 where it does not.";
            unit = "none";
            legend = "right";
            max = 1;
            links = toService;
            targets = [ (targets.series "min by (job) (up)" "{{job}}") ];
          })
          (third {
            title = "Time of a scrape";
            description = "How long each target takes to answer; at the interval of the scrape samples are lost.";
            unit = "s";
            legend = "right";
            links = toService;
            targets = [ (targets.series "max by (job) (scrape_duration_seconds)" "{{job}}") ];
          })
          (third {
            title = "Cardinality";
            description = "Samples of each scrape. A service has some hundreds; from 5000 on an alert fires, as some label has values without bound.";
            unit = "none";
            legend = "right";
            links = toService;
            lines = panels.above { critical = 5000; };
            targets = [ (targets.series "max by (job) (scrape_samples_scraped)" "{{job}}") ];
          })
        ];
      }
      {
        height = 7;
        panels = [
          (third {
            title = "Series";
            description = "Series that Prometheus holds in memory, and new ones a second.";
            unit = "none";
            targets = [
              (targets.series "prometheus_tsdb_head_series" "series")
              (targets.series (perSecond "prometheus_tsdb_head_series_created_total") "new a second")
            ];
          })
          (third {
            title = "Samples";
            description = "Samples that Prometheus stores a second.";
            unit = "cps";
            targets = [ (targets.series (perSecond "prometheus_tsdb_head_samples_appended_total") "samples") ];
          })
          (third {
            title = "Rules and notifications";
            description = "The slowest group of rules, against its interval; and what failed a second: evaluations, and notifications to Alertmanager.";
            unit = "percentunit";
            targets = [
              (targets.series "max(prometheus_rule_group_last_duration_seconds / prometheus_rule_group_interval_seconds)" "time of the slowest group")
              (targets.series (perSecond "prometheus_rule_evaluation_failures_total") "evaluations failed a second")
              (targets.series (perSecond "prometheus_notifications_errors_total") "notifications failed a second")
            ];
          })
        ];
      }
      { section = "Logs"; }
      {
        height = 8;
        panels = [
          (third {
            title = "Lines by service";
            description = "Lines that Promtail reads from the journal a second. A service that answers requests and says nothing raises an alert.";
            unit = "cps";
            legend = "right";
            links = [ (links.serviceOfLabel labels.service) ];
            targets = [
              (targets.series "sum by (${labels.service}) (rate(promtail_journal_lines_total[$__rate_interval]))" "{{${labels.service}}}")
            ];
          })
          (third {
            title = "From the journal to Loki";
            description = "Lines a second that were sent, that Loki took in, and that were given up. The first two go together.";
            unit = "cps";
            targets = [
              (targets.series (perSecond "promtail_sent_entries_total") "sent by Promtail")
              (targets.series (perSecond "loki_distributor_lines_received_total") "received by Loki")
              (targets.series (perSecond "promtail_dropped_entries_total") "given up")
            ];
          })
          (third {
            title = "Promtail's lag";
            description = "How old the newest line of a batch is when Loki takes it, and how long Loki takes. Seconds mean that Promtail does not keep up, or that Loki is slow.";
            unit = "s";
            targets = [
              (targets.series "sum(rate(loki_distributor_lag_ms_total[$__rate_interval])) / 1000 / sum(rate(promtail_request_duration_seconds_count[$__rate_interval]) > 0)" "age of a line")
              (targets.series "histogram_quantile(0.95, sum by (le) (rate(promtail_request_duration_seconds_bucket[$__rate_interval])))" "95th percentile of a batch")
            ];
          })
        ];
      }
      {
        height = 7;
        panels = [
          (third {
            title = "Lines by level";
            description = "Counted by Loki over the last minute: a storm of one level is seen at once.";
            unit = "none";
            targets = [
              (targets.counts "sum by (${labels.level}) (count_over_time({${labels.service}=~\".+\"}[1m]))" "{{${labels.level}}}")
            ];
          })
          (third {
            title = "Streams and chunks";
            description = "What Loki holds in memory. A stream is one combination of labels: some dozens, as ids are no labels.";
            unit = "none";
            targets = [
              (targets.series "sum(loki_ingester_memory_streams)" "streams")
              (targets.series "sum(loki_ingester_memory_chunks)" "chunks")
            ];
          })
          (third {
            title = "Dropped by the services";
            description = "Spans and log lines a second that a service could not hand on, together; its page tells them apart. Zero while all is well.";
            softMax = 1;
            unit = "cps";
            links = toService;
            targets = [
              (targets.series "sum by (job) (rate(telemetry_spans_dropped_total[$__rate_interval]) + rate(telemetry_logs_dropped_total[$__rate_interval]))" "{{job}}")
            ];
          })
        ];
      }
      { section = "Traces"; }
      {
        height = 8;
        panels = [
          (third {
            title = "Spans";
            description = "Spans a second that Jaeger received, stored, and refused.";
            unit = "cps";
            targets = [
              (targets.series (perSecond (collector "receiver_accepted_spans")) "received")
              (targets.series (perSecond (collector "exporter_sent_spans")) "stored")
              (targets.series (perSecond (collector "receiver_refused_spans")) "refused")
            ];
          })
          (third {
            title = "Spans by service";
            description = "Spans a second by the service that made them, as Jaeger counts them.";
            unit = "cps";
            links = [ (links.serviceOfLabel "service_name") ];
            targets = [
              (targets.series "sum by (service_name) (rate(traces_span_metrics_calls_total[$__rate_interval]))" "{{service_name}}")
            ];
          })
          (third {
            title = "Bytes of a request";
            description = "What one request of a customer costs: the lines as Loki receives them, the spans as Jaeger packs them, and the samples that are stored meanwhile, at ${bytesOfASample} bytes each.";
            unit = "bytes";
            targets = [
              (targets.series "${perSecond "loki_distributor_bytes_received_total"} / ${requests}" "logs")
              (targets.series "${perSecond (collector "processor_batch_batch_send_size_bytes_sum")} / ${requests}" "spans")
              (targets.series "${bytesOfASample} * ${perSecond "prometheus_tsdb_head_samples_appended_total"} / ${requests}" "metrics")
            ];
          })
        ];
      }
      { section = "The back ends"; }
      {
        height = 8;
        panels = [
          (panels.timeseries {
            title = "Memory of the back ends";
            description = "The share of the memory that the unit of each may have.";
            unit = "percentunit";
            width = 12;
            legend = "right";
            targets = [
              (targets.series "max by (job) ((process_resident_memory_bytes or {__name__=~\"otelcol_process_memory_rss(_bytes)?\"}) / on (job) group_left job:memory_max_bytes unless {${services}})" "{{job}}")
            ];
          })
          (panels.logs {
            title = "What the back ends complain of";
            description = "Warnings and errors of what watches the shop.";
            width = 12;
            targets = [
              (targets.lines 200 "{${labels.service}=~\"prometheus|alertmanager|loki|promtail|jaeger|grafana|prometheus-node-exporter\", ${troubled}}")
            ];
          })
        ];
      }
    ];
}
