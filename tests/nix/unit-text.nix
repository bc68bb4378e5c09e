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
  "a variable keeps its spaces, quotes, backslashes and percent signs" =
    case "[Service]\nEnvironment=\"A=b c\"\nEnvironment=\"Q=\\\"\\\\%%\"\n"
      {
        environment = {
          A = "b c";
          Q = "\"\\%";
        };
      };
  "a socket has its own section" = case "[Unit]\nDescription=s\n[Socket]\nListenStream=[::1]:80\n" {
    description = "s";
    socketConfig.ListenStream = "[::1]:80";
  };
  "nothing is no text" = case "" { };
}
