# What is usual, learned from what was: a band around each of three signals of the shop, and an alert
# when the signal leaves it.
#
# The band is the mean of the last hour, give or take four standard deviations, and never narrower
# than a floor. Where there is a yesterday, or the same day of last week, the same hour there counts
# as usual too: the band is the hull of the three. So it works from the first hour on, and a peak
# that comes every day is no alarm from the second day on.
#
# What lay outside of the band is not learned, or a fault would make the next one usual. When it
# lasts, there is soon nothing left of the last hour, and the band is learned anew.
cfg:
let
  alert = import ./alert.nix cfg;
  record = record: expr: { inherit record expr; };

  gateway = "job=\"gateway-service\",uri=~\"/api/.*\"";

  # What is not greater than zero is left out: without traffic there is neither a latency nor a
  # value, and NaN would spoil the mean of an hour.
  signals = {
    rate = {
      value = "sum(rate(http_server_requests_seconds_count{${gateway}}[5m]))";
      # A third of the mean; and of n requests in five minutes the number varies by its root
      # (Poisson), four times which is as rare as four standard deviations.
      floor = mean: "0.33 * ${mean} + 4 * sqrt(${mean} / 300)";
      both = true;
      # The dip of a restart is over by then.
      for = "3m";
      alert = "RequestRateUnusual";
      summary = "Unusually many or few requests";
      what = "requests a second";
      shown = "humanize";
    };
    latency = {
      value = "histogram_quantile(0.95, sum by (le) (rate(http_server_requests_seconds_bucket{${gateway}}[5m]))) > 0";
      # Half the mean, as buckets are coarse, and 10 ms, which nobody feels.
      floor = mean: "0.5 * ${mean} + 0.01";
      # Nobody minds an answer that comes too soon.
      both = false;
      # Longer than the five minutes of its rate, in which one slow minute of a deployment shows.
      for = "6m";
      alert = "LatencyUnusual";
      summary = "Unusually slow answers";
      what = "at the 95th percentile of the response time";
      shown = "humanizeDuration";
    };
    order_value = {
      value = "sum(rate(shop_order_value_total[10m])) / sum(rate(shop_orders_total{result=\"created\"}[10m])) > 0";
      # A third of the mean: what customers buy differs from hour to hour.
      floor = mean: "0.33 * ${mean}";
      both = true;
      # One large order does not move the mean of ten minutes for so long.
      for = "3m";
      alert = "OrderValueUnusual";
      summary = "Orders are worth unusually much or little";
      what = "for a mean order";
      shown = "humanize";
    };
  };
  each = build: builtins.concatMap build (builtins.attrNames signals);

  # Not the last ten minutes, in which a fault may have begun; and twenty minutes of the rest at
  # least, at two samples a minute.
  lastHour = "shop:signal:usual[50m] offset 10m";
  enough = "count_over_time(${lastHour}) >= 40";
  # The hour around this moment of another day.
  hourOf = {
    day = "shop:signal:usual[1h] offset 23h30m";
    week = "shop:signal:usual[1h] offset 167h30m";
  };

  # One series for each history, so that the hull is a maximum and a minimum.
  history =
    name: range: condition:
    map (rule: rule // { labels.history = name; }) [
      (record "shop:signal:mean" "avg_over_time(${range})${condition}")
      (record "shop:signal:deviation" "stddev_over_time(${range})${condition}")
    ];
  # Without the last hour there is no band: of a shop that has just been switched on all is new.
  learned = "and on (signal) shop:signal:mean{history=\"hour\"}";

  mean = signal: "shop:signal:mean{signal=\"${signal}\"}";
  labelled = signal: rule: rule // { labels = { inherit signal; }; };
in
[
  {
    name = "bands";
    interval = "30s";
    rules =
      each (signal: [
        (labelled signal (record "shop:signal" signals.${signal}.value))
      ])
      ++ history "hour" lastHour " and ${enough}"
      ++ history "day" hourOf.day ""
      ++ history "week" hourOf.week ""
      ++ each (signal: [
        (labelled signal (record "shop:signal:floor" (signals.${signal}.floor (mean signal))))
      ])
      ++ [
        (record "shop:signal:width" "4 * shop:signal:deviation > shop:signal:floor or shop:signal:floor")
        (record "shop:signal:upper" "max by (signal) (shop:signal:mean + shop:signal:width) ${learned}")
        (record "shop:signal:lower" "clamp_min(min by (signal) (shop:signal:mean - shop:signal:width) ${learned}, 0)")
        (record "shop:signal:usual" "shop:signal unless shop:signal > shop:signal:upper unless shop:signal < shop:signal:lower")
      ];
  }
  {
    name = "bands-left";
    interval = "30s";
    rules = each (
      signal:
      let
        own = signals.${signal};
        here = "shop:signal{signal=\"${signal}\"}";
        above = "${here} > shop:signal:upper";
        below = "${here} < shop:signal:lower";
        bound =
          name: "{{ query \"shop:signal:${name}{signal='${signal}'}\" | first | value | ${own.shown} }}";
        usual = if own.both then "${bound "lower"} to ${bound "upper"}" else "up to ${bound "upper"}";
      in
      [
        (alert {
          name = own.alert;
          expr = if own.both then "${above} or ${below}" else above;
          inherit (own) for;
          severity = "warning";
          layer = "symptom";
          inherit (own) summary;
          description = "{{ $value | ${own.shown} }} ${own.what}, where ${usual} is usual.";
          dashboard = "microservices";
        })
      ]
    );
  }
]
