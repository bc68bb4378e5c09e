# The shop at a glance, and the first that Grafana shows.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    variables
    ;
  inherit (import ../nixos/config/rules/labels.nix) asked services serviceNames;
  inherit (import ../nixos/config/fields.nix) labels troubled;

  jobs = "job=~\"$service\"";
  gateway = "job=\"gateway-service\",uri=~\"/api/.*\"";
  toService = [ (links.serviceOfLabel "job") ];
  byService =
    rest:
    panels.timeseries (
      {
        width = 12;
        links = toService;
      }
      // rest
    );
  business = rest: panels.timeseries ({ width = 8; } // rest);
  # A zero where nobody signs in, with the label of the others.
  none = "label_replace(0 * max(sign_in_enabled), \"result\", \"none\", \"\", \"\")";
  # What is usual, and what is.
  band =
    signal: title: unit:
    business {
      inherit title unit;
      description = "What is, between the bounds of what is usual: learned from the last hour, the same hour of yesterday, and of a week ago. There are no bounds within the first twenty minutes.";
      links = [ (links.dashboard "service" "Service") ];
      targets = [
        (targets.series "shop:signal{signal=\"${signal}\"}" "now")
        (targets.series "shop:signal:upper{signal=\"${signal}\"}" "highest usual")
        (targets.series "shop:signal:lower{signal=\"${signal}\"}" "lowest usual")
      ];
    };
in
dashboard {
  uid = "microservices";
  title = "Microservices";
  description = "The shop at a glance: how much is asked, how fast is answered, what fails, what is sold, and the traces behind it.";
  services = jobs;
  variables = [ variables.services ];
  rows =
    numbers [
      (panels.stat {
        title = "Services up";
        description = "How many of the ${toString (builtins.length serviceNames)} services answer Prometheus.";
        unit = "none";
        good = panels.below { critical = builtins.length serviceNames; };
        targets = [ (targets.series "sum(up{${services}})" "up") ];
      })
      (panels.stat {
        title = "Alerts that fire";
        description = "Without the one that always fires. The list is below.";
        unit = "none";
        good = panels.above { critical = 1; };
        targets = [
          (targets.series "count(count by (alertname, severity, service) (ALERTS{alertstate=\"firing\",severity!=\"none\"})) or vector(0)" "alerts")
        ];
      })
      (panels.stat {
        title = "Requests";
        description = "Requests of customers that the gateway answers a second.";
        unit = "reqps";
        decimals = 1;
        targets = [
          (targets.series "sum(rate(http_server_requests_seconds_count{${gateway}}[$__rate_interval]))" "requests")
        ];
      })
      (panels.stat {
        title = "Server errors";
        description = "The share of the customers' requests that the gateway answers with 5xx. From one in a thousand on the objective is missed.";
        unit = "percentunit";
        decimals = 2;
        good = panels.above {
          warning = 1.0e-3;
          critical = 5.0e-2;
        };
        targets = [
          (targets.series "job:http_server_errors:ratio_rate1m{job=\"gateway-service\"}" "errors")
        ];
      })
      (panels.stat {
        title = "95th percentile";
        description = "Of a hundred customers' requests 95 are answered by the gateway within this time.";
        unit = "s";
        good = panels.above {
          warning = 0.25;
          critical = 0.5;
        };
        targets = [
          (targets.series "histogram_quantile(0.95, sum by (le) (rate(http_server_requests_seconds_bucket{${gateway}}[$__rate_interval])))" "p95")
        ];
      })
      (panels.stat {
        title = "Orders sold";
        description = "Orders that were created a minute.";
        unit = "suffix: / min";
        decimals = 1;
        targets = [
          (targets.series "60 * result:shop_orders:rate1m{result=\"created\"}" "orders a minute")
        ];
      })
    ]
    ++ [
      {
        height = 8;
        panels = [
          (byService {
            title = "Requests by service";
            description = "Requests answered a second, by service; those of probes and of Prometheus do not count.";
            unit = "reqps";
            targets = [
              (targets.series "sum by (job) (rate(http_server_requests_seconds_count{${jobs},${asked}}[$__rate_interval]))" "{{job}}")
            ];
          })
          (byService {
            title = "95th percentile of response times";
            description = "The time within which 95 of 100 requests are answered, by service. The dots are traces: click one to follow it.";
            unit = "s";
            targets = [
              (targets.exemplars "histogram_quantile(0.95, sum by (job, le) (rate(http_server_requests_seconds_bucket{${jobs},${asked}}[$__rate_interval])))" "{{job}}")
            ];
          })
        ];
      }
      {
        height = 8;
        panels = [
          (byService {
            title = "Server errors by service";
            description = "The share of the answers that are server errors (5xx). The line is one in twenty, from which on an alert fires.";
            unit = "percentunit";
            width = 7;
            lines = panels.above { critical = 5.0e-2; };
            targets = [ (targets.series "job:http_server_errors:ratio_rate1m{${jobs}}" "{{job}}") ];
          })
          (byService {
            title = "Requests in flight";
            description = "Requests that are being answered at the moment, by service.";
            unit = "none";
            width = 7;
            targets = [ (targets.series "sum by (job) (http_server_requests_in_flight{${jobs}})" "{{job}}") ];
          })
          (panels.labelTable {
            title = "Alerts that fire";
            description = "Empty while all is well. A click on a service leads to its page; runbooks are linked in what Alertmanager sends, and in Grafana's list of alerts.";
            unit = "string";
            width = 10;
            none = "none";
            targets = [
              (targets.rows "sum by (alertname, severity, service) (ALERTS{alertstate=\"firing\",severity!=\"none\"})")
            ];
            columns = [
              {
                field = "alertname";
                title = "Alert";
              }
              {
                field = "severity";
                title = "Severity";
                width = 90;
              }
              {
                field = "service";
                title = "Service";
                width = 220;
                links = [ (links.serviceOfField "Service") ];
              }
            ];
          })
        ];
      }
      { section = "Business"; }
      {
        height = 8;
        panels = [
          (business {
            title = "Orders by result";
            description = "Requests for an order a second, by how they ended.";
            unit = "ops";
            links = [ (links.dashboard "order-flow" "Order flow") ];
            targets = [ (targets.series "result:shop_orders:rate1m" "{{result}}") ];
          })
          (business {
            title = "Revenue";
            description = "The value of the created orders a minute, in units of the currency.";
            unit = "none";
            links = [ (links.dashboard "order-flow" "Order flow") ];
            targets = [ (targets.series "60 * shop:order_value:rate1m" "revenue a minute") ];
          })
          (business {
            title = "Stock";
            description = "Pieces in stock of each product. At zero each order of it is refused.";
            unit = "none";
            links = [ (links.dashboard "order-flow" "Order flow") ];
            targets = [ (targets.series "max by (product_id) (shop_stock_units)" "{{product_id}}") ];
          })
        ];
      }
      { section = "People"; }
      {
        height = 8;
        panels = [
          (panels.timeseries {
            title = "Sign-ins";
            description = "People who came back from the provider a second, by what became of it, and sessions that were renewed. All zero where nobody signs in.";
            unit = "ops";
            width = 12;
            targets = [
              (targets.series "sum by (result) (rate(sign_ins_total[1m])) or ${none}" "sign-in {{result}}")
              (targets.series "sum by (result) (rate(session_renewals_total[1m])) or ${none}" "renewal {{result}}")
            ];
          })
          (panels.timeseries {
            title = "Refused at the gateway";
            description = "Requests a second that were not admitted, by the reason: no token, one that is not accepted, the role, or too many. Requests of other sites are refused by the page's server.";
            unit = "reqps";
            width = 12;
            targets = [
              (targets.series "sum by (result) (rate(access_checks_total{result!=\"admitted\"}[1m])) or ${none}" "{{result}}")
              (targets.series "sum(rate(cross_site_requests_refused_total[1m])) or 0 * max(sign_in_enabled)" "from another site")
            ];
          })
        ];
      }
      { section = "Logs and traces"; }
      {
        height = 10;
        panels = [
          (panels.logs {
            title = "Error logs";
            description = "What failed and what may: lines at the levels of error and warning. Open one to follow its trace.";
            width = 24;
            targets = [
              (targets.lines 200 "{${labels.service}=~\"$service\", ${troubled}}")
            ];
          })
        ];
      }
      {
        height = 10;
        panels = [
          (panels.traces {
            title = "Traces";
            description = "The last traces of the page's server; a click on an id opens the whole trace.";
            width = 24;
            targets = [
              (targets.traces {
                service = "frontend";
                limit = 50;
              })
            ];
          })
        ];
      }
      { section = "What is usual"; }
      {
        height = 7;
        panels = [
          (band "rate" "Requests a second" "reqps")
          (band "latency" "95th percentile" "s")
          (band "order_value" "Value of an order" "none")
        ];
      }
    ];
}
