# What one word stops, and what one control group holds.
let
  rendered = values: import ../../nixos/debian { inherit values; };
  everything = rendered {
    enable = true;
    loadGenerator.enable = true;
  };
  inherit (builtins) attrNames filter match;
  target = "hello-observability.target";
  slice = "hello-observability.slice";
  says = line: text: match "(.*\n)?${line}\n.*" text != null;
  unitsThat = line: filter (name: says line everything.units.${name}) (attrNames everything.units);
  shop = [
    "frontend.service"
    "frontend.socket"
    "gateway-service.service"
    "gateway-service.socket"
    "inventory-service.service"
    "inventory-service.socket"
    "load-generator.service"
    "order-service.service"
    "order-service.socket"
    "product-service.service"
    "product-service.socket"
  ];
in
{
  "the target starts the shop, its sockets and its load generator, and nothing else" = {
    expected = shop;
    actual = builtins.sort builtins.lessThan everything.wants.${target};
  };
  "and stops the same" = {
    expected = shop;
    actual = unitsThat "PartOf=${target}";
  };
  "an upgrade of who gives identities, or a stop of it, stops no service" = {
    expected = [
      "gateway-service.service"
      "inventory-service.service"
      "order-service.service"
      "product-service.service"
    ];
    actual = builtins.filter (
      name: says "After=.*hello-observability-identity.service.*" everything.units.${name}
    ) (unitsThat "Wants=hello-observability-identity.service");
  };
  "what systemd 262 no longer knows is said by none" = {
    expected = [ ];
    actual = unitsThat "CPUAccounting=.*";
  };
  "it is started at boot" = {
    expected = true;
    actual = builtins.elem target everything.wants."multi-user.target";
  };
  "the slice holds all that runs, who gives it identities and secrets, and nothing beside it" = {
    expected = [
      "alertmanager.service"
      "frontend.service"
      "frontend.socket"
      "gateway-service.service"
      "gateway-service.socket"
      "grafana-secrets.service"
      "grafana.service"
      "hello-observability-identity-renewal.service"
      "hello-observability-identity.service"
      "hello-observability-sockets.service"
      "inventory-service.service"
      "inventory-service.socket"
      "jaeger.service"
      "load-generator.service"
      "loki.service"
      "order-service.service"
      "order-service.socket"
      "product-service.service"
      "product-service.socket"
      "prometheus-node-exporter.service"
      "prometheus.service"
      "promtail.service"
    ];
    actual = unitsThat "Slice=${slice}";
  };
  "a host that only watches has the slice, and no target" = {
    expected = [
      true
      false
    ];
    actual =
      let
        inherit (rendered { observability.enable = true; }) units;
      in
      [
        (units ? ${slice})
        (units ? ${target})
      ];
  };
  "a host without any of it has neither" = {
    expected = { };
    actual = (rendered { }).units;
  };
}
