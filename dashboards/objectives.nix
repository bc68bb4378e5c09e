# What was promised, what is left of the budget of errors, and how fast it is spent; the records are
# those of nixos/config/rules/objectives.nix.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    ;
  objectives = {
    availability = {
      title = "Availability";
      promise = "99.9 % of the orders are answered without a server error";
      share = "0.999";
      budget = "0.001";
    };
    latency = {
      title = "Latency";
      promise = "99 % of the answered orders are answered within 250 ms";
      share = "0.99";
      budget = "0.01";
    };
  };
  toFlow = [ (links.dashboard "order-flow" "Order flow") ];
  number =
    rest:
    panels.stat (
      {
        links = toFlow;
      }
      // rest
    );
  of =
    name:
    let
      one = objectives.${name};
      record = rest: "shop:${name}:${rest}";
    in
    {
      numbers = [
        (number {
          title = "${one.title}: 30 days";
          description = "The promise: ${one.promise}, over 30 days.";
          unit = "percentunit";
          decimals = 3;
          good = panels.below {
            critical = builtins.fromJSON one.share;
          };
          targets = [ (targets.series "1 - ${record "error_ratio30d"}" one.title) ];
        })
        (number {
          title = "${one.title}: budget left";
          description = "What is left of the errors that the promise allows in 30 days. Below zero it is broken.";
          unit = "percentunit";
          decimals = 1;
          good = panels.below {
            critical = 0;
            warning = 0.25;
          };
          targets = [ (targets.series (record "budget_left30d") "left") ];
        })
        (number {
          title = "${one.title}: burn rate";
          description = "How many times as fast as the promise allows the budget burns, over the last hour: at 1 it lasts 30 days, at 14.4 two.";
          unit = "none";
          decimals = 1;
          good = panels.above {
            warning = 1;
            critical = 14.4;
          };
          targets = [ (targets.series "${record "error_ratio1h"} / ${one.budget}" "burn rate") ];
        })
      ];
      burn = panels.timeseries {
        title = "${one.title}: burn rate";
        description = "How many times as fast as allowed the budget burns, over windows of different length. An alert fires when a long window and its short one are above the factor: 14.4 in an hour and five minutes, 6 in six hours and half an hour, 3 in a day and two hours, 1 in three days and six hours.";
        softMax = 2;
        unit = "none";
        width = 12;
        legend = "right";
        links = toFlow;
        lines = panels.above {
          warning = 1;
          critical = 14.4;
        };
        targets = map (window: targets.series "${record "error_ratio${window}"} / ${one.budget}" window) [
          "5m"
          "30m"
          "1h"
          "6h"
          "1d"
          "3d"
        ];
      };
      left = panels.timeseries {
        title = "${one.title}: budget left";
        description = "What is left of the errors that are allowed in 30 days.";
        unit = "percentunit";
        width = 12;
        min = null;
        max = 1;
        links = toFlow;
        targets = [ (targets.series (record "budget_left30d") "left") ];
      };
    };
  availability = of "availability";
  latency = of "latency";
in
dashboard {
  uid = "objectives";
  title = "Objectives";
  description = "The two promises over 30 days: orders are answered, and fast. How well they are kept, what is left of the budget of errors, and how fast it burns.";
  from = "now-6h";
  refresh = "30s";
  rows = numbers (availability.numbers ++ latency.numbers) ++ [
    {
      height = 8;
      panels = [
        availability.burn
        latency.burn
      ];
    }
    {
      height = 7;
      panels = [
        (panels.timeseries {
          title = "Orders asked for, and those that failed";
          description = "Orders a second at the gateway; a failed one was answered 5xx, or not at all.";
          unit = "ops";
          width = 12;
          links = toFlow;
          targets = [
            (targets.series "shop:orders_asked:rate1m" "asked for")
            (targets.series "shop:orders_failed:rate1m" "failed")
          ];
        })
        (panels.timeseries {
          title = "Orders answered, and those that took too long";
          description = "Orders a second that were answered without a server error; a slow one took longer than 250 ms.";
          unit = "ops";
          width = 12;
          links = toFlow;
          targets = [
            (targets.series "shop:orders_answered:rate1m" "answered")
            (targets.series "shop:orders_slow:rate1m" "slow")
          ];
        })
      ];
    }
    {
      height = 7;
      panels = [
        availability.left
        latency.left
      ];
    }
  ];
}
