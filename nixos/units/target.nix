# The shop as one unit: `systemctl stop hello-observability.target` stops it, with its sockets and the
# load generator, `start` starts it. What watches it goes on.
let
  name = "hello-observability.target";
in
{
  # Of a unit that is started and stopped with the shop.
  member = {
    partOf = [ name ];
    wantedBy = [ name ];
  };

  units.targets.hello-observability = {
    description = "Shop: all its services";
    wantedBy = [ "multi-user.target" ];
  };
}
