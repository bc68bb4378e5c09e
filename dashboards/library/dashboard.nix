# A dashboard: what all of ours have in common.
#
#   uid          never changes, as alerts and links name it
#   rows         of ./layout.nix
#   services     the jobs whose starts are drawn, as a matcher
#   variables    of ./variables.nix
#   from         where its time begins
let
  links = import ./links.nix;
  # All of them, in the order of their bar.
  titles = [
    [
      "microservices"
      "Microservices"
    ]
    [
      "service"
      "Service"
    ]
    [
      "order-flow"
      "Order flow"
    ]
    [
      "objectives"
      "Objectives"
    ]
    [
      "hosts"
      "Hosts"
    ]
    [
      "telemetry"
      "Telemetry"
    ]
  ];
in
{
  uid,
  title,
  description,
  rows,
  services ? (import ../../nixos/config/rules/labels.nix).services,
  variables ? [ ],
  from ? "now-15m",
  # Every scrape would be 5 s; some thirty panels may take longer, and a refresh cancels what is asked.
  refresh ? "15s",
}:
{
  inherit
    uid
    title
    description
    refresh
    ;
  tags = [ "hello-observability" ];
  # Of Grafana 12; a later one brings it up to date by itself.
  schemaVersion = 41;
  version = 1;
  editable = false;
  # A crosshair at the same moment in every panel.
  graphTooltip = 1;
  timezone = "browser";
  time = {
    inherit from;
    to = "now";
  };
  timepicker = { };
  annotations = import ./annotations.nix services;
  templating.list = variables;
  links = map (other: links.inBar (builtins.elemAt other 0) (builtins.elemAt other 1)) (
    builtins.filter (other: builtins.elemAt other 0 != uid) titles
  );
  panels = import ./layout.nix rows;
}
