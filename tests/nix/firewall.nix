# The ports that are opened: none unasked, none of what listens on loopback, of the others all.
let
  firewall = values: import ../../nixos/firewall.nix (import ../../nixos/debian/given.nix values);
  sorted = builtins.mapAttrs (_: builtins.sort builtins.lessThan);
  case = values: tcp: udp: {
    expected = {
      allowedTCPPorts = tcp;
      allowedUDPPorts = udp;
    };
    actual = sorted (firewall values);
  };
in
{
  "no port is open by default" = case { enable = true; } [ ] [ ];

  "no port is open for having been asked for, when all is on loopback" = case {
    enable = true;
    openFirewall = true;
  } [ ] [ ];

  "an address that others reach opens nothing by itself" = case {
    enable = true;
    listenAddress = "0.0.0.0";
  } [ ] [ ];

  "every port that others may need is open when all is asked for" =
    case
      {
        enable = true;
        listenAddress = "0.0.0.0";
        openFirewall = true;
      }
      [
        3000
        3001
        3100
        4317
        4318
        8080
        8081
        8082
        8083
        8888
        8889
        9080
        9090
        9093
        9100
        14268
        16685
        16686
      ]
      [ 6831 ];

  "one part alone is opened" = case {
    enable = true;
    frontend = {
      listenAddress = "192.0.2.1";
      openFirewall = true;
    };
  } [ 3001 ] [ ];

  "one part is left out" =
    case
      {
        shop.enable = true;
        agents.enable = false;
        listenAddress = "::";
        openFirewall = true;
        order.openFirewall = false;
      }
      [
        3001
        8080
        8081
        8082
      ]
      [ ];

  "a part that does not run opens nothing" = case {
    openFirewall = true;
    listenAddress = "0.0.0.0";
    jaeger.port = 26686;
  } [ ] [ ];

  "another port is the one that is opened" = case {
    frontend.enable = true;
    frontend.port = 443;
    listenAddress = "2001:db8::1";
    openFirewall = true;
  } [ 443 ] [ ];
}
