# The machines of each test, as the values that `services.hello-observability` is given: the NixOS
# test hands them to the module, the Debian machine is rendered from them.
let
  machine = {
    enable = true;
  };
  client = { };
  everywhere = {
    listenAddress = "0.0.0.0";
    openFirewall = true;
  };
in
{
  rendered = { inherit machine; };
  order-flow = { inherit machine; };
  dashboards = {
    machine = machine // {
      loadGenerator.enable = true;
    };
  };
  failure = { inherit machine; };
  back-ends = { inherit machine; };
  reboot = { inherit machine; };
  legacy-receivers = { inherit machine; };
  grafana = { inherit machine; };
  figures = { inherit machine; };

  # Only the page is asked for; the client must find nothing else.
  exposure = {
    inherit client;
    machine = machine // {
      frontend = everywhere;
      tracing.headersFile = "/var/lib/secrets/otlp-headers";
    };
  };

  # The shop here, what watches it there.
  two-hosts = {
    inherit client;
    shop = everywhere // {
      shop.enable = true;
      jaeger.address = "observability";
      loki.address = "observability";
    };
    observability = everywhere // {
      observability.enable = true;
      frontend.address = "shop";
      gateway.address = "shop";
      product.address = "shop";
      inventory.address = "shop";
      order.address = "shop";
      prometheus.agents = [ "shop" ];
    };
  };
}
