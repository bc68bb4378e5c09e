# Which traces Jaeger keeps, decided when they have ended: the collector's tail_sampling processor.
tail:
let
  milliseconds =
    let
      parts = builtins.match "([0-9]+)(ms|s|m|h)" tail.slowerThan;
      number = builtins.fromJSON (builtins.elemAt parts 0);
    in
    number
    * {
      ms = 1;
      s = 1000;
      m = 60000;
      h = 3600000;
    }
    .${builtins.elemAt parts 1};
in
{
  # Counted from a trace's first span. The longest request takes 11 s, then the page's server gives
  # it up; its spans are half a second on their way. The rest forgives a slow machine.
  decision_wait = "15s";
  # What is held meanwhile: at some 25 KiB a trace 250 MiB at the most, and 600 traces a second. Above
  # that the oldest are given up before they were looked at, and counted
  # (`otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total`).
  num_traces = 10000;
  # What was decided holds for what comes later, such as the end of an order that was pending: for
  # four minutes at the most traces that it can hold.
  decision_cache = {
    sampled_cache_size = 20000;
    non_sampled_cache_size = 150000;
  };
  # A trace is kept when one of them wants it.
  policies = [
    {
      name = "errors";
      type = "status_code";
      status_code.status_codes = [ "ERROR" ];
    }
    {
      name = "slow";
      type = "latency";
      latency.threshold_ms = milliseconds;
    }
    {
      name = "share";
      type = "probabilistic";
      probabilistic.sampling_percentage = tail.share * 100;
    }
  ];
}
