# What customers and the shop's keeper feel, whatever the cause; orders that fail or are slow stand in
# ./objectives.nix.
cfg:
let
  alert = import ./alert.nix cfg;
  symptom = rest: alert ({ layer = "symptom"; } // rest);
in
[
  {
    name = "shop";
    rules = [
      (symptom {
        name = "ServerErrors";
        # An error every ten seconds at least: of three requests of a night one may fail.
        expr = "job:http_server_errors:ratio_rate1m > 0.05 and job:http_server_errors:rate1m > 0.1";
        for = "1m";
        severity = "critical";
        service = "{{ $labels.job }}";
        summary = "{{ $labels.job }} answers with server errors";
        description = "{{ $value | humanizePercentage }} of the answers of {{ $labels.job }} are server errors (5xx), for a minute at least.";
        dashboard = "service";
      })
      (symptom {
        name = "ResponsesSlow";
        # Half a second is what a person notices as waiting; one request every ten seconds at least.
        expr = "job:http_server_requests_seconds:p95_rate1m > 0.5 and job:http_server_requests:rate1m > 0.1";
        for = "5m";
        severity = "warning";
        service = "{{ $labels.job }}";
        summary = "{{ $labels.job }} answers slowly";
        description = "One in twenty answers of {{ $labels.job }} takes longer than {{ $value | humanizeDuration }}, for five minutes.";
        dashboard = "service";
      })
      (symptom {
        name = "NothingSells";
        expr = "sum(increase(shop_orders_total{result!=\"created\"}[10m])) > 5 and sum(increase(shop_orders_total{result=\"created\"}[10m])) == 0";
        for = "1m";
        severity = "critical";
        summary = "Customers order, and nothing is sold";
        description = "Of {{ $value | humanize }} orders of the last ten minutes none was created.";
        dashboard = "order-flow";
      })
      (symptom {
        name = "SoldOut";
        expr = "max by (product_id) (shop_stock_units) == 0";
        for = "5m";
        severity = "warning";
        summary = "{{ $labels.product_id }} is sold out";
        description = "There are {{ $value }} pieces of {{ $labels.product_id }} for five minutes; each order of it is refused.";
        dashboard = "order-flow";
      })
      (symptom {
        name = "OrdersPending";
        # An order is settled within some seconds of inventory's being back.
        expr = "max(shop_orders_pending_oldest_seconds) > 60";
        for = "30s";
        severity = "critical";
        summary = "Orders wait for their outcome";
        description = "The oldest pending order waits for {{ $value | humanizeDuration }}; {{ with query \"sum(shop_orders_pending)\" }}{{ . | first | value }}{{ else }}some{{ end }} are pending.";
        dashboard = "order-flow";
      })
      (symptom {
        name = "SignInFails";
        # One person may go astray; three in ten minutes, and nobody who got in, is the provider.
        expr = "sum(increase(sign_ins_total{result=~\"failed|unavailable\"}[10m])) > 2 unless sum(increase(sign_ins_total{result=\"completed\"}[10m])) > 0";
        for = "1m";
        severity = "critical";
        summary = "People cannot sign in";
        description = "{{ $value | humanize }} sign-ins of the last ten minutes came to nothing, and none was completed.";
        dashboard = "microservices";
      })
      (alert {
        name = "TokensForged";
        # Tokens expire, and a provider changes its keys: none of that is a wrong signature.
        expr = "sum(increase(access_checks_total{result=~\"signature|algorithm|issuer|audience\"}[10m])) > 10";
        severity = "warning";
        layer = "cause";
        service = "gateway-service";
        summary = "Somebody tries tokens that are not ours";
        description = "{{ $value | humanize }} tokens of the last ten minutes were of another issuer or audience, or not signed by ours. All were refused.";
        dashboard = "microservices";
      })
      # It must not happen: the store refuses it. Not a symptom that a dead service would explain.
      (alert {
        name = "Oversold";
        expr = "min by (product_id) (shop_stock_units) < 0";
        severity = "critical";
        layer = "cause";
        service = "inventory-service";
        summary = "{{ $labels.product_id }} is sold more often than it is there";
        description = "The stock of {{ $labels.product_id }} is {{ $value }}.";
        dashboard = "order-flow";
      })
    ];
  }
]
