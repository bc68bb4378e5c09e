# The two objectives, over 30 days: 99.9 % of the orders are answered without a server error, and
# 99 % of those answered within 250 ms. What is measured, how fast the budget of errors burns
# (Google, The Site Reliability Workbook, chapter 5), and what is left of it.
#
# Measured at the gateway, and at the page's server where the gateway did not answer it. An order
# that was refused for want of stock, or answered 202, is no error.
cfg:
let
  alert = import ./alert.nix cfg;
  record = record: expr: { inherit record expr; };

  # Seconds between two samples of what is summed up below. A group is first worked out within its
  # interval after the start, and what it holds is on a dashboard from then on; reading 30 days of it
  # takes some milliseconds.
  every = 15;
  interval = "${toString every}s";

  orders = "job=\"gateway-service\",method=\"POST\",uri=\"/api/orders\"";
  sum = selector: "(sum(rate(${selector}[1m])) or vector(0))";
  atGateway = series: more: sum "http_server_requests_seconds_${series}{${orders}${more}}";
  unanswered = sum "http_client_requests_seconds_count{job=\"frontend\",peer=\"gateway-service\",method=\"POST\",uri=\"/api/orders\",status=~\"IO_ERROR|TIMEOUT\"}";
  answered = atGateway "count" ",status!~\"5..\"";

  objectives = [
    {
      objective = "availability";
      # Bad and all of the ratio, by their records of a second.
      bad = "shop:orders_failed:rate1m";
      all = "shop:orders_asked:rate1m";
      budget = "0.001";
      alert = "OrdersFail";
      what = "ended in a server error";
    }
    {
      objective = "latency";
      bad = "shop:orders_slow:rate1m";
      all = "shop:orders_answered:rate1m";
      budget = "0.01";
      alert = "OrdersSlow";
      what = "took longer than 250 ms";
    }
  ];

  ratio = objective: window: "shop:${objective}:error_ratio${window}";
  ratioOver =
    window:
    {
      objective,
      bad,
      all,
      ...
    }:
    record (ratio objective window) (
      "sum_over_time(${bad}[${window}]) / (sum_over_time(${all}[${window}]) > 0)"
    );

  # Of the workbook, table 5-8. Burning 14.4 times as fast as the budget allows, 2 % of it are gone
  # in an hour; 6 times, 5 % in six hours; 3 times, 10 % in a day; once, 10 % in three days. The
  # short window ends the alert soon after the trouble.
  burns = [
    {
      severity = "critical";
      factor = "14.4";
      gone = "2 days";
      long = "1h";
      short = "5m";
    }
    {
      severity = "critical";
      factor = "6";
      gone = "5 days";
      long = "6h";
      short = "30m";
    }
    {
      severity = "warning";
      factor = "3";
      gone = "10 days";
      long = "1d";
      short = "2h";
    }
    {
      severity = "warning";
      factor = "1";
      gone = "30 days";
      long = "3d";
      short = "6h";
    }
  ];
  speed = {
    critical = "Fast";
    warning = "Slowly";
  };

  # Among the ten orders of a quiet night a single bad one would be a tenth.
  fewest = "5";

  burning =
    {
      objective,
      bad,
      budget,
      ...
    }@one:
    {
      severity,
      factor,
      gone,
      long,
      short,
    }:
    alert {
      name = "${one.alert}${speed.${severity}}";
      expr = builtins.concatStringsSep " and " [
        "${ratio objective long} > ${factor} * ${budget}"
        "${ratio objective short} > ${factor} * ${budget}"
        "sum_over_time(${bad}[${long}]) * ${toString every} >= ${fewest}"
      ];
      inherit severity;
      layer = "symptom";
      labels = {
        inherit objective;
        window = long;
      };
      summary = "Too many orders ${one.what}";
      description = "Of the orders of the last ${long} {{ $value | humanizePercentage }} ${one.what}. If that goes on, the error budget of 30 days is gone within ${gone}.";
      dashboard = "objectives";
    };
in
[
  {
    name = "objectives";
    inherit interval;
    rules = [
      (record "shop:orders_asked:rate1m" "${atGateway "count" ""} + ${unanswered}")
      (record "shop:orders_failed:rate1m" "${atGateway "count" ",status=~\"5..\""} + ${unanswered}")
      (record "shop:orders_answered:rate1m" answered)
      (record "shop:orders_slow:rate1m" "clamp_min(${answered} - ${atGateway "bucket" ",status!~\"5..\",le=\"0.25\""}, 0)")
    ]
    ++ builtins.concatMap (window: map (ratioOver window) objectives) [
      "5m"
      "30m"
      "1h"
      "2h"
      "6h"
      "1d"
      "3d"
      "30d"
    ]
    ++ map (
      { objective, budget, ... }:
      record "shop:${objective}:budget_left30d" "1 - ${ratio objective "30d"} / ${budget}"
    ) objectives;
  }
  {
    name = "objectives-burn";
    inherit interval;
    rules = builtins.concatMap (objective: map (burning objective) burns) objectives;
  }
]
