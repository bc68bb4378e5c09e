# The units of the shop: its five services, each with its peers.
cfg:
let
  addresses = import ../addresses.nix cfg;
  service = import ./service.nix cfg;

  services = {
    frontend = service {
      part = "frontend";
      name = "frontend";
      description = "Shop: page and same-origin proxy";
      peers = {
        GATEWAY_SERVICE_URL = addresses.url "gateway";
        TRACES_URL = addresses.traces;
      };
      environment = {
        ASSETS_DIR = "${cfg.page}";
        JAEGER_UI_URL = cfg.frontend.jaegerUrl;
        GRAFANA_URL = cfg.frontend.grafanaUrl;
      };
    };
    gateway = service {
      part = "gateway";
      name = "gateway-service";
      description = "Shop: API gateway";
      peers = {
        PRODUCT_SERVICE_URL = addresses.url "product";
        INVENTORY_SERVICE_URL = addresses.url "inventory";
        ORDER_SERVICE_URL = addresses.url "order";
      };
    };
    product = service {
      part = "product";
      name = "product-service";
      description = "Shop: products";
      stateful = true;
    };
    inventory = service {
      part = "inventory";
      name = "inventory-service";
      description = "Shop: stock";
      stateful = true;
    };
    order = service {
      part = "order";
      name = "order-service";
      description = "Shop: orders";
      stateful = true;
      peers = {
        PRODUCT_SERVICE_URL = addresses.url "product";
        INVENTORY_SERVICE_URL = addresses.url "inventory";
      };
    };
  };
  enabled = builtins.filter (part: cfg.${part}.enable) (builtins.attrNames services);
in
builtins.foldl'
  (all: part: {
    services = all.services // services.${part}.services;
    sockets = all.sockets // services.${part}.sockets;
  })
  {
    services = { };
    sockets = { };
  }
  enabled
