# The units of the shop: its five services, each with its peers. A list, of those that run here.
cfg:
let
  addresses = import ../addresses.nix cfg;
  signIn = import ../config/sign-in.nix cfg;
  services = [
    {
      part = "frontend";
      description = "Shop: page and same-origin proxy";
      peers = {
        GATEWAY_SERVICE_URL = addresses.urls "gateway";
        TRACES_URL = addresses.traces;
        LOGS_URL = addresses.logs;
        METRICS_URL = addresses.metrics;
        ALERTS_URL = addresses.alerts;
        OIDC_ISSUER = signIn.issuer;
      };
      environment = {
        ASSETS_DIR = "${cfg.page}";
        JAEGER_UI_URL = cfg.frontend.jaegerUrl;
        GRAFANA_URL = cfg.frontend.grafanaUrl;
      }
      // signIn.shared
      // signIn.frontend;
      inherit (signIn) credentials;
    }
    {
      part = "gateway";
      description = "Shop: API gateway";
      peers = {
        PRODUCT_SERVICE_URL = addresses.urls "product";
        INVENTORY_SERVICE_URL = addresses.urls "inventory";
        ORDER_SERVICE_URL = addresses.urls "order";
        OIDC_ISSUER = signIn.issuer;
      };
      environment = signIn.shared;
    }
    {
      part = "product";
      description = "Shop: products";
      stateful = true;
    }
    {
      part = "inventory";
      description = "Shop: stock";
      stateful = true;
    }
    {
      part = "order";
      description = "Shop: orders";
      stateful = true;
      peers = {
        PRODUCT_SERVICE_URL = addresses.urls "product";
        INVENTORY_SERVICE_URL = addresses.urls "inventory";
      };
      # What has not passed the gateway sees no order.
      environment.REQUIRE_PERSON = if cfg.signIn.enable then "true" else null;
    }
  ];
in
map (import ./service.nix cfg) (builtins.filter ({ part, ... }: cfg.${part}.enable) services)
