# An order, step by step: how often, how fast, how often it fails, and what is done about it.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    ;
  inherit (import ../nixos/config/fields.nix) labels troubled;

  # The business spans of an order, and the one of the background.
  steps = [
    "create_order"
    "get_product_details"
    "check_inventory"
    "update_inventory"
    "settle_order"
  ];
  spans = "service_name=\"order-service\",span_name=~\"${builtins.concatStringsSep "|" steps}\"";
  calls = "traces_span_metrics_calls_total{${spans}}";
  # How stock that was taken is given back.
  compensation = "job=\"inventory-service\",method=\"DELETE\",uri=\"/inventory/reservations/{id}\"";
  toService = [ (links.serviceOfLabel "service_name") ];
  toOrders = [
    {
      title = "Service order-service";
      url = "/d/service?var-service=order-service&\${__url_time_range}";
    }
  ];
  third =
    rest:
    panels.timeseries (
      {
        width = 8;
        links = toOrders;
      }
      // rest
    );
  number = panels.stat;
in
dashboard {
  uid = "order-flow";
  title = "Order flow";
  description = "From the click to the stored order: each step's rate, time and failures; orders that wait for their outcome, retries, compensations, and whether anything was oversold.";
  rows =
    numbers [
      (number {
        title = "Orders sold";
        description = "Orders that were created a minute.";
        unit = "suffix: / min";
        decimals = 1;
        targets = [
          (targets.series "60 * result:shop_orders:rate1m{result=\"created\"}" "orders a minute")
        ];
      })
      (number {
        title = "Failed orders";
        description = "The share of the orders that ended in a failure of a part. Those that were refused for want of stock do not count.";
        unit = "percentunit";
        decimals = 2;
        good = panels.above {
          warning = 1.0e-3;
          critical = 5.0e-2;
        };
        targets = [
          (targets.series "sum(result:shop_orders:rate1m{result=\"failed\"}) / (sum(result:shop_orders:rate1m) > 0)" "failed")
        ];
      })
      (number {
        title = "Pending orders";
        description = "Orders that are stored and whose outcome is not known yet.";
        unit = "none";
        good = panels.above {
          warning = 10;
          critical = 100;
        };
        targets = [ (targets.series "sum(shop_orders_pending)" "pending") ];
      })
      (number {
        title = "Oldest pending order";
        description = "An order is settled within seconds of inventory's being back; an alert fires after a minute.";
        unit = "s";
        good = panels.above {
          warning = 10;
          critical = 60;
        };
        targets = [ (targets.series "max(shop_orders_pending_oldest_seconds)" "age") ];
      })
      (number {
        title = "Oversold products";
        description = "Products with less than nothing in stock. It must be 0: the store refuses it.";
        unit = "none";
        good = panels.above { critical = 1; };
        targets = [ (targets.series "sum(max by (product_id) (shop_stock_units) < bool 0)" "oversold") ];
      })
      (number {
        title = "Sold out";
        description = "Products of which nothing is left: each order of them is refused.";
        unit = "none";
        good = panels.above { warning = 1; };
        targets = [ (targets.series "sum(max by (product_id) (shop_stock_units) == bool 0)" "sold out") ];
      })
    ]
    ++ [
      {
        height = 8;
        panels = [
          (third {
            title = "Steps: rate";
            description = "How often each step of an order is taken, from the spans that Jaeger took in. settle_order is the background's work on pending orders.";
            unit = "ops";
            links = toService;
            targets = [
              (targets.series "sum by (service_name, span_name) (rate(${calls}[$__rate_interval]))" "{{span_name}}")
            ];
          })
          (third {
            title = "Steps: 95th percentile";
            description = "How long a step takes. That of create_order holds the three others.";
            unit = "ms";
            links = toService;
            targets = [
              (targets.series "histogram_quantile(0.95, sum by (service_name, span_name, le) (rate(traces_span_metrics_duration_milliseconds_bucket{${spans}}[$__rate_interval])))" "{{span_name}}")
            ];
          })
          (third {
            title = "Steps: failures";
            description = "The share of the spans of a step that end in an error.";
            unit = "percentunit";
            links = toService;
            targets = [
              (targets.series (
                "(sum by (service_name, span_name) (rate(traces_span_metrics_calls_total{${spans},status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval]))"
                + " or 0 * sum by (service_name, span_name) (rate(${calls}[$__rate_interval])))"
                + " / (sum by (service_name, span_name) (rate(${calls}[$__rate_interval])) > 0)"
              ) "{{span_name}}")
            ];
          })
        ];
      }
      {
        height = 7;
        panels = [
          (third {
            title = "Orders by result";
            description = "Requests for an order a second, by how they ended.";
            unit = "ops";
            targets = [ (targets.series "result:shop_orders:rate1m" "{{result}}") ];
          })
          (third {
            title = "Pending orders";
            description = "Orders that are stored and whose outcome is not known yet.";
            unit = "none";
            targets = [ (targets.series "sum(shop_orders_pending)" "pending") ];
          })
          (third {
            title = "Age of the oldest pending order";
            description = "The line is a minute, after which an alert fires.";
            unit = "s";
            lines = panels.above { critical = 60; };
            targets = [ (targets.series "max(shop_orders_pending_oldest_seconds)" "age") ];
          })
        ];
      }
      {
        height = 7;
        panels = [
          (third {
            title = "Retries";
            description = "Attempts of the background to settle a pending order a second, by how they ended.";
            softMax = 1;
            unit = "ops";
            targets = [
              (targets.series "sum by (result) (rate(shop_order_settle_attempts_total[$__rate_interval]))" "{{result}}")
            ];
          })
          (third {
            title = "Compensations";
            description = "Reservations that were given back a second, by the answer. A pending order is settled forward, so the shop itself asks for none: whoever does is an operator.";
            softMax = 1;
            none = "None was given back";
            unit = "ops";
            links = [
              {
                title = "Service inventory-service";
                url = "/d/service?var-service=inventory-service&\${__url_time_range}";
              }
            ];
            targets = [
              (targets.series "sum by (status) (rate(http_server_requests_seconds_count{${compensation}}[$__rate_interval]))" "{{status}}")
            ];
          })
          (third {
            title = "Stock";
            description = "Pieces in stock of each product; never below zero.";
            unit = "none";
            min = null;
            targets = [ (targets.series "max by (product_id) (shop_stock_units)" "{{product_id}}") ];
          })
        ];
      }
      {
        height = 10;
        panels = [
          (panels.logs {
            title = "Orders that went wrong";
            description = "Warnings and errors of the order and the inventory service. Open one to follow its trace.";
            width = 24;
            targets = [
              (targets.lines 200 "{${labels.service}=~\"order-service|inventory-service\", ${troubled}}")
            ];
          })
        ];
      }
      {
        height = 10;
        panels = [
          (panels.traces {
            title = "Orders";
            description = "The traces of the last orders; a click on an id opens the whole of it.";
            width = 24;
            targets = [
              (targets.traces {
                service = "order-service";
                operation = "create_order";
                limit = 50;
              })
            ];
          })
        ];
      }
    ];
}
