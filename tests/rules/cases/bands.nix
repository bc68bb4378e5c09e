# The bands: what leaves them is told, from the second hour on; what is usual at this time of the day is
# not. A week with noise, waves and faults is in ../week.py.
let
  gateway = "job=\"gateway-service\",method=\"GET\",uri=\"/api/products\",status=\"200\",outcome=\"SUCCESS\"";
  requests = "http_server_requests_seconds_count{${gateway}}";
  within = le: "http_server_requests_seconds_bucket{${gateway},le=\"${le}\"}";
  value = "shop_order_value_total{job=\"order-service\"}";
  created = "shop_orders_total{job=\"order-service\",result=\"created\"}";
in
{
  "traffic triples after the first hour" = {
    every = "30s";
    series.${requests} = "0+300x140 42000+900x60";
    silent = [
      {
        at = 4200;
        alert = "RequestRateUnusual";
      }
    ];
    fires = [
      {
        at = 4800;
        alert = "RequestRateUnusual";
        labels.signal = "rate";
        description = "30 requests a second, where 5.97 to 14.03 is usual.";
      }
    ];
  };

  "traffic falls to a third" = {
    every = "30s";
    series.${requests} = "0+300x140 42000+100x60";
    fires = [
      {
        at = 4800;
        alert = "RequestRateUnusual";
        labels.signal = "rate";
        description = "3.333 requests a second, where 5.97 to 14.03 is usual.";
      }
    ];
  };

  "before half an hour has passed nothing is unusual" = {
    every = "30s";
    series.${requests} = "0+300x40 12000+900x20";
    silent = [
      {
        at = 1740;
        alert = "RequestRateUnusual";
      }
    ];
  };

  "a ramp to three times as much within six hours" = {
    every = "30s";
    # Each half hour a little more; the sums are those of the part before.
    series.${requests} =
      "0+300x120 36000+350x60 57000+400x60 81000+450x60 108000+500x60 138000+550x60 171000+600x60 207000+650x60 246000+700x60 288000+750x60 333000+800x60 381000+850x60 432000+900x60";
    silent =
      map
        (at: {
          inherit at;
          alert = "RequestRateUnusual";
        })
        [
          7200
          10800
          14400
          18000
          21600
          25000
        ];
  };

  "a wave that came yesterday too" = {
    every = "30s";
    series.${requests} = "0+300x200 60000+900x120 168000+300x2760 996000+900x120";
    silent = [
      {
        at = 87000 + 6000 - 4200 + 1200;
        alert = "RequestRateUnusual";
      }
    ];
    fires = [
      {
        # The day before, at the same time.
        at = 6600;
        alert = "RequestRateUnusual";
        labels.signal = "rate";
        description = "30 requests a second, where 5.97 to 14.03 is usual.";
      }
    ];
  };

  "answers take five times as long" = {
    every = "30s";
    series = {
      ${within "0.025"} = "0+300x140 42000+30x60";
      ${within "0.1"} = "0+300x140 42000+30x60";
      ${within "0.25"} = "0+300x200";
      ${within "+Inf"} = "0+300x200";
    };
    silent = [
      {
        at = 4200;
        alert = "LatencyUnusual";
      }
    ];
    fires = [
      {
        at = 4800;
        alert = "LatencyUnusual";
        labels.signal = "latency";
        description = "241.7ms at the 95th percentile of the response time, where up to 45.62ms is usual.";
      }
    ];
  };

  "an order is worth a thirtieth" = {
    every = "30s";
    series = {
      ${created} = "0+30x260";
      ${value} = "0+900x160 144030+30x100";
    };
    silent = [
      {
        at = 4800;
        alert = "OrderValueUnusual";
      }
    ];
    fires = [
      {
        at = 5400;
        alert = "OrderValueUnusual";
        labels.signal = "order_value";
        description = "1 for a mean order, where 20.1 to 39.9 is usual.";
      }
    ];
  };
}
