# What the demonstration's console says: where everything is, and a first tour.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  line =
    part: what:
    lib.optionalString cfg.${part}.enable "  ${what}  http://127.0.0.1:${toString cfg.${part}.port}\n";
in
{
  services.getty.autologinUser = "root";

  users.motd = ''

    A shop in which every request can be followed. On the host that started this VM:

  ''
  + line "frontend" "the shop  "
  + line "jaeger" "Jaeger    "
  + line "grafana" "Grafana   "
  + line "prometheus" "Prometheus"
  + ''

    Grafana's user is admin, with the password admin. A first tour:

    1. Open the shop, buy something, and press "Follow this order": its way from the click to
       the stock. Jaeger has the same trace; from there Grafana leads to its log lines.
    2. The same from here: buy, and read what every service logged about the order.

         trace=$(curl -si 127.0.0.1:3001/api/orders -H 'Content-Type: application/json' \
           -d '{"productId":"product1","quantity":1}' | grep -i ^traceresponse | cut -d- -f2)
         journalctl --output=short-precise TRACE_ID=$trace

    3. Stop a service, buy in the shop, and start it again: the order fails or waits, and what
       waited is settled.

         systemctl stop inventory-service.socket inventory-service.service
         systemctl start inventory-service.socket

    "poweroff" ends the VM (where it has no window also Ctrl-A X); nothing is left of it.

  '';
}
