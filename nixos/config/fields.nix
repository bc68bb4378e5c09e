# What a log line is found by in Loki: the labels and the structured metadata that Promtail gives it,
# and Grafana, its dashboards and the rules of Loki's ruler ask for.
rec {
  # Few and bounded: each combination is a stream.
  labels = {
    unit = "unit";
    service = "service";
    level = "level";
    host = "host";
  };

  # The matcher of lines that tell of trouble: warnings, and what is worse.
  troubled = "${labels.level}=~\"emerg|alert|crit|error|warning\"";

  # They differ from line to line. The services write them in upper case into the journal, and the
  # first is the label of the exemplars, too.
  ids = {
    trace = "trace_id";
    span = "span_id";
    request = "request_id";
    order = "order_id";
  };
}
