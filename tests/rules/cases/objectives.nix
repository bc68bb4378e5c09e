# The objectives: each speed of burning is told in its time, and a single bad order of a night is not.
# An order a second; a sample each half minute, from a start without trouble.
let
  orders = "job=\"gateway-service\",method=\"POST\",uri=\"/api/orders\"";
  count = status: "http_server_requests_seconds_count{${orders},status=\"${status}\",outcome=\"-\"}";
  within =
    le: "http_server_requests_seconds_bucket{${orders},status=\"201\",outcome=\"-\",le=\"${le}\"}";

  # `well` samples without trouble, then a share of bad orders for `ill` samples.
  failing = well: share: ill: {
    every = "30s";
    series = {
      ${count "201"} = "0+30x${toString well} ${
        toString (30 * well + 30 * (1 - share))
      }+${toString (30 * (1 - share))}x${toString ill}";
      ${count "503"} =
        "0x${toString well} ${toString (30 * share)}+${toString (30 * share)}x${toString ill}";
    };
  };
  slow = well: share: ill: {
    every = "30s";
    series = {
      ${count "201"} = "0+30x${toString (well + ill + 1)}";
      ${within "0.25"} = "0+30x${toString well} ${
        toString (30 * well + 30 * (1 - share))
      }+${toString (30 * (1 - share))}x${toString ill}";
    };
  };
  silent = alert: at: map (at: { inherit alert at; }) at;
  # That it fires; what is said stands in the cases of half of all orders.
  fires = alert: window: at: { inherit alert window at; };
  says =
    what:
    { fast, slowly }:
    map
      (
        {
          alert,
          window,
          gone,
        }:
        {
          inherit alert window;
          at = 1800;
          description = "Of the orders of the last ${window} 50% ${what}. If that goes on, the error budget of 30 days is gone within ${gone}.";
        }
      )
      [
        {
          alert = fast;
          window = "1h";
          gone = "2 days";
        }
        {
          alert = fast;
          window = "6h";
          gone = "5 days";
        }
        {
          alert = slowly;
          window = "1d";
          gone = "10 days";
        }
        {
          alert = slowly;
          window = "3d";
          gone = "30 days";
        }
      ];
in
{
  "half of all orders fail" = failing 0 0.5 60 // {
    fires = says "ended in a server error" {
      fast = "OrdersFailFast";
      slowly = "OrdersFailSlowly";
    };
  };

  "half of all orders take longer than 250 ms" = slow 0 0.5 60 // {
    fires = says "took longer than 250 ms" {
      fast = "OrdersSlowFast";
      slowly = "OrdersSlowSlowly";
    };
  };

  "an order in ten fails: told after nine minutes" = failing 720 0.1 60 // {
    silent = silent "OrdersFailFast" [
      21600
      22050
    ];
    fires = [
      (fires "OrdersFailFast" "1h" 22200)
    ];
    records."shop:availability:budget_left30d" = {
      at = "21600s";
      labels = "shop:availability:budget_left30d";
      value = 1;
    };
  };

  "all orders fail: told within two minutes" = failing 720 1 60 // {
    silent = silent "OrdersFailFast" [ 21600 ];
    fires = [
      (fires "OrdersFailFast" "1h" 21780)
      (fires "OrdersFailFast" "6h" 21780)
    ];
  };

  "an order in a hundred fails: told after four hours" = failing 720 0.01 600 // {
    silent = silent "OrdersFailFast" [
      28800
    ];
    fires = [
      (fires "OrdersFailFast" "6h" 36000)
    ];
  };

  "four in a thousand fail: a matter of days" = failing 10 0.004 840 // {
    silent = silent "OrdersFailFast" [ 25200 ];
    fires = [
      (fires "OrdersFailSlowly" "1d" 25200)
      (fires "OrdersFailSlowly" "3d" 25200)
    ];
  };

  "three in two thousand fail: within three days they are too many" = failing 10 0.0015 840 // {
    silent = silent "OrdersFailFast" [ 25200 ];
    fires = [
      (fires "OrdersFailSlowly" "3d" 25200)
    ];
  };

  "as many fail as the budget has" = failing 10 0.0009 840 // {
    silent = silent "OrdersFailFast" [ 25200 ] ++ silent "OrdersFailSlowly" [ 25200 ];
  };

  "a bad order among the ten of a quiet night" = {
    every = "30s";
    series = {
      ${count "201"} = "1000x100 1001x20 1002x100";
      ${count "503"} = "0x110 1x110";
    };
    silent = silent "OrdersFailFast" [ 3600 ] ++ silent "OrdersFailSlowly" [ 3600 ];
  };

  "orders that the gateway does not answer count at the page's server" = {
    every = "30s";
    series = {
      ${count "201"} = "0+30x120 3600x60";
      "http_client_requests_seconds_count{job=\"frontend\",peer=\"gateway-service\",method=\"POST\",uri=\"/api/orders\",status=\"IO_ERROR\",outcome=\"-\"}" =
        "0x120 0+30x60";
    };
    fires = [
      (fires "OrdersFailFast" "1h" 4200)
      (fires "OrdersFailFast" "6h" 4200)
    ];
  };

  "an order in four takes longer than 250 ms" = slow 720 0.25 120 // {
    silent = silent "OrdersSlowFast" [
      21600
      22200
    ];
    fires = [
      (fires "OrdersSlowFast" "1h" 24900)
    ];
  };

  "an order in ten does, for hours" = slow 720 0.1 720 // {
    silent = silent "OrdersSlowFast" [ 28800 ];
    fires = [
      (fires "OrdersSlowFast" "6h" 39600)
    ];
  };

  "four in a hundred do" = slow 10 0.04 840 // {
    silent = silent "OrdersSlowFast" [ 25200 ];
    fires = [
      (fires "OrdersSlowSlowly" "1d" 25200)
      (fires "OrdersSlowSlowly" "3d" 25200)
    ];
  };

  "three in two hundred do" = slow 10 0.015 840 // {
    fires = [
      (fires "OrdersSlowSlowly" "3d" 25200)
    ];
  };

  "as many do as the budget has" = slow 10 0.009 840 // {
    silent = silent "OrdersSlowFast" [ 25200 ] ++ silent "OrdersSlowSlowly" [ 25200 ];
  };
}
