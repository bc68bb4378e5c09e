# The time that a dashboard and Explore show which an alert links to: `from` and `to` as Grafana reads
# them.
let
  # Milliseconds of the Unix time, some seconds from the evaluation.
  milliseconds =
    seconds: "{{ query \"1000 * (time() + ${seconds})\" | first | value | printf \"%.0f\" }}";
in
{
  # Of Prometheus, whose templates know the time: half an hour before the last evaluation, and
  # some minutes after it. Who reads the message the next day finds the right hour.
  prometheus = {
    from = milliseconds "-1800";
    to = milliseconds "300";
  };
  # A template of Loki's ruler knows no time.
  loki = {
    from = "now-1h";
    to = "now";
  };
}
