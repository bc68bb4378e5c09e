# What is written down of the sockets, by which those are opened anew that have moved.
let
  given = import ../../nixos/debian/given.nix;
  lines = values: import ../../nixos/config/sockets.nix (given values);
  units = values: (import ../../nixos/debian { inherit values; }).units;
  files = import ../../nixos/files.nix;
  shop = port: {
    enable = true;
    order.port = port;
  };
  watching = {
    observability.enable = true;
    anomalyDetector.enable = true;
  };
  count = text: builtins.length (builtins.filter builtins.isString (builtins.split "\n" text)) - 1;
  unit = "hello-observability-sockets.service";
in
{
  "each service of the shop has a line, sorted, with its address" = {
    expected = ''
      frontend 127.0.0.1:3001
      gateway-service 127.0.0.1:8080
      inventory-service 127.0.0.1:8082 127.0.0.1:8182
      order-service 127.0.0.1:8083 127.0.0.1:8183
      product-service 127.0.0.1:8081 127.0.0.1:8181
    '';
    actual = lines { enable = true; };
  };
  "another port changes the one line" = {
    expected = builtins.replaceStrings [ ":8083" ] [ ":18083" ] (lines (shop 8083));
    actual = lines (shop 18083);
  };
  "an address of IPv6 stands as the socket has it" = {
    expected = "gateway-service [::1]:8080\n";
    actual = lines {
      gateway.enable = true;
      gateway.listenAddress = "::1";
    };
  };
  "the file is the machine's, and its unit reads it" = {
    expected = {
      lines = 5;
      named = true;
    };
    actual =
      let
        machine = import ../../nixos/debian { values.enable = true; };
      in
      {
        lines = count machine.files.${files.sockets};
        named = builtins.length (builtins.split files.sockets machine.units.${unit}) > 1;
      };
  };
  "its unit is there where a socket is, which may be that of the anomaly detector alone" = {
    expected = [
      true
      false
      true
    ];
    actual = [
      (units { shop.enable = true; } ? ${unit})
      (units { observability.enable = true; } ? ${unit})
      (units watching ? ${unit})
    ];
  };
  "and has its line" = {
    expected = "anomaly-detector 127.0.0.1:8084\n";
    actual = lines watching;
  };
}
