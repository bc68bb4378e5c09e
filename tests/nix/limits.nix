# The limits that the services are built with, and the bounds of their units.
let
  settings = import ../../nixos/settings.nix { enable = true; };
  limits = builtins.fromJSON (builtins.readFile ../../services/server/limits.json);
  inherit (import ../../nixos/debian { values.enable = true; }) units;
  # The value of a setting in the gateway's unit.
  valueOf =
    key: builtins.head (builtins.match ".*\n${key}=([^\n]*)\n.*" units."gateway-service.service");
  number = pattern: text: builtins.fromJSON (builtins.head (builtins.match pattern text));
in
{
  "a service may hold what all its connections may, the bodies for them, and itself" = {
    expected =
      limits.service_bytes
      + limits.buffered_bytes
      + limits.max_connections * (limits.connection_bytes + limits.socket_bytes);
    actual = 1048576 * number "([0-9]+)M" settings.gateway.memoryMax;
  };
  "the unit of a service says so" = {
    expected = settings.gateway.memoryMax;
    actual = valueOf "MemoryMax";
  };
  "a socket asks for a quarter of what the kernel may hold for a connection: it doubles it, and as much is sent on" =
    {
      expected = limits.socket_bytes / 4;
      actual = 1024 * number ".*\nReceiveBuffer=([0-9]+)K\n.*" units."gateway-service.socket";
    };
  "a service may open a file for each connection to a client and to a peer" = {
    expected = true;
    actual = number "([0-9]+)" (valueOf "LimitNOFILE") > 2 * limits.max_connections;
  };
}
