# Which series are ours, and which host they are of.
let
  names = import ../../units/names.nix;
  either = builtins.concatStringsSep "|";
in
rec {
  # The five services of the shop, by Prometheus' job.
  serviceNames = map (part: names.${part}) (import ../../shop-parts.nix);
  services = "job=~\"${either serviceNames}\"";
  others = "job!~\"${either serviceNames}\"";

  # Probes are asked every second and would hide what customers ask.
  asked = "uri!~\"/health|/actuator/prometheus|/metrics\"";

  # The units of all parts, as the node exporter names them.
  ofUnits = "name=~\"(${either (builtins.attrValues names)})[.]service\"";

  # Not folders that are memory, or that fill up and go with their units.
  realDisks = "mountpoint!~\"/(run|tmp|dev|proc|sys)(/.*)?\"";

  # With the host of a target as a label: a dead host silences what is on it.
  withHost = expr: "label_replace(${expr}, \"host\", \"$1\", \"instance\", \"(.+):[0-9]+\")";
}
