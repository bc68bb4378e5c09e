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
      ${count "201"} =
        "0+30x${toString well} ${toString (30 * well)}+${toString (30 * (1 - share))}x${toString ill}";
      ${count "503"} = "0x${toString well} 0+${toString (30 * share)}x${toString ill}";
    };
  };
  slow = well: share: ill: {
    every = "30s";
    series = {
      ${count "201"} = "0+30x${toString (well + ill + 1)}";
      ${within "0.25"} =
        "0+30x${toString well} ${toString (30 * well)}+${toString (30 * (1 - share))}x${toString ill}";
    };
  };
  silent = alert: at: map (at: { inherit alert at; }) at;
  fires = alert: window: at: description: {
    inherit
      alert
      window
      at
      description
      ;
  };
in
{
  "an order in ten fails: told after nine minutes" = failing 720 0.1 60 // {
    silent = silent "OrdersFailFast" [
      21600
      22050
    ];
    fires = [
      (fires "OrdersFailFast" "1h" 22200
        "Of the orders of the last 1h 1.542% ended in a server error. If that goes on, the error budget of 30 days is gone within 2 days."
      )
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
      (fires "OrdersFailFast" "1h" 21780
        "Of the orders of the last 1h 3.75% ended in a server error. If that goes on, the error budget of 30 days is gone within 2 days."
      )
      (fires "OrdersFailFast" "6h" 21780
        "Of the orders of the last 6h 0.625% ended in a server error. If that goes on, the error budget of 30 days is gone within 5 days."
      )
    ];
  };

  "an order in a hundred fails: told after four hours" = failing 720 0.01 600 // {
    silent = silent "OrdersFailFast" [
      28800
    ];
    fires = [
      (fires "OrdersFailFast" "6h" 36000
        "Of the orders of the last 6h 0.6646% ended in a server error. If that goes on, the error budget of 30 days is gone within 5 days."
      )
    ];
  };

  "four in a thousand fail: a matter of days" = failing 10 0.004 840 // {
    silent = silent "OrdersFailFast" [ 25200 ];
    fires = [
      (fires "OrdersFailSlowly" "1d" 25200
        "Of the orders of the last 1d 0.3952% ended in a server error. If that goes on, the error budget of 30 days is gone within 10 days."
      )
      (fires "OrdersFailSlowly" "3d" 25200
        "Of the orders of the last 3d 0.3952% ended in a server error. If that goes on, the error budget of 30 days is gone within 30 days."
      )
    ];
  };

  "three in two thousand fail: within three days they are too many" = failing 10 0.0015 840 // {
    silent = silent "OrdersFailFast" [ 25200 ];
    fires = [
      (fires "OrdersFailSlowly" "3d" 25200
        "Of the orders of the last 3d 0.1482% ended in a server error. If that goes on, the error budget of 30 days is gone within 30 days."
      )
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
      (fires "OrdersFailFast" "1h" 4200
        "Of the orders of the last 1h 15.42% ended in a server error. If that goes on, the error budget of 30 days is gone within 2 days."
      )
      (fires "OrdersFailFast" "6h" 4200
        "Of the orders of the last 6h 13.36% ended in a server error. If that goes on, the error budget of 30 days is gone within 5 days."
      )
    ];
  };

  "an order in four takes longer than 250 ms" = slow 720 0.25 120 // {
    silent = silent "OrdersSlowFast" [
      21600
      22200
    ];
    fires = [
      (fires "OrdersSlowFast" "1h" 24900
        "Of the orders of the last 1h 23.24% took longer than 250 ms. If that goes on, the error budget of 30 days is gone within 2 days."
      )
    ];
  };

  "an order in ten does, for hours" = slow 720 0.1 720 // {
    silent = silent "OrdersSlowFast" [ 28800 ];
    fires = [
      (fires "OrdersSlowFast" "6h" 39600
        "Of the orders of the last 6h 8.44% took longer than 250 ms. If that goes on, the error budget of 30 days is gone within 5 days."
      )
    ];
  };

  "four in a hundred do" = slow 10 0.04 840 // {
    silent = silent "OrdersSlowFast" [ 25200 ];
    fires = [
      (fires "OrdersSlowSlowly" "1d" 25200
        "Of the orders of the last 1d 4.067% took longer than 250 ms. If that goes on, the error budget of 30 days is gone within 10 days."
      )
      (fires "OrdersSlowSlowly" "3d" 25200
        "Of the orders of the last 3d 4.067% took longer than 250 ms. If that goes on, the error budget of 30 days is gone within 30 days."
      )
    ];
  };

  "three in two hundred do" = slow 10 0.015 840 // {
    fires = [
      (fires "OrdersSlowSlowly" "3d" 25200
        "Of the orders of the last 3d 1.599% took longer than 250 ms. If that goes on, the error budget of 30 days is gone within 30 days."
      )
    ];
  };

  "as many do as the budget has" = slow 10 0.009 840 // {
    silent = silent "OrdersSlowFast" [ 25200 ] ++ silent "OrdersSlowSlowly" [ 25200 ];
  };
}
