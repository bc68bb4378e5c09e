# The text of a unit, as systemd reads it.
let
  text = import ../../nixos/debian/unit-text.nix;
  case = expected: unit: {
    inherit expected;
    actual = text unit;
  };
in
{
  "a list is a line for each of its members" =
    case "[Service]\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\n"
      {
        serviceConfig.SystemCallFilter = [
          "@system-service"
          "~@privileged"
        ];
      };
  "names of other units stand on one line" =
    case "[Unit]\nAfter=a.socket network.target\nRequires=a.socket\n"
      {
        requires = [ "a.socket" ];
        after = [
          "a.socket"
          "network.target"
        ];
      };
  "an empty value takes back what was set" = case "[Service]\nCapabilityBoundingSet=\n" {
    serviceConfig.CapabilityBoundingSet = "";
  };
  "truths and numbers are words" =
    case "[Service]\nPrivateTmp=true\nPrivateUsers=false\nTasksMax=512\n"
      {
        serviceConfig = {
          PrivateTmp = true;
          PrivateUsers = false;
          TasksMax = 512;
        };
      };
  "a variable keeps its spaces, quotes and backslashes" =
    case "[Service]\nEnvironment=\"A=b c\"\nEnvironment=\"Q=\\\"\\\\\"\n"
      {
        environment = {
          A = "b c";
          Q = "\"\\";
        };
      };
  "an address keeps its percent signs, which systemd would expand" = {
    expected = "http://receiver/a%%20b";
    actual =
      let
        cfg = import ../../nixos/debian/given.nix {
          enable = true;
          tracing.endpoint = "http://receiver/a%20b";
        };
      in
      (import ../../nixos/units cfg).services.order-service.environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  };
  "a socket has its own section" = case "[Unit]\nDescription=s\n[Socket]\nListenStream=[::1]:80\n" {
    description = "s";
    socketConfig.ListenStream = "[::1]:80";
  };
  "nothing is no text" = case "" { };
}
