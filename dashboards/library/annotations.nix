# What happened, as lines across every panel: services that were started, and new versions of them.
#
#   services   a matcher of the jobs
services:
let
  sources = import ../../nixos/config/sources.nix;
  # The value of each series is the time of an event, in milliseconds.
  event = name: color: title: expr: {
    inherit name;
    datasource = sources.prometheus;
    enable = true;
    hide = false;
    iconColor = color;
    target = {
      refId = "Anno";
      inherit expr;
      interval = "";
    };
    titleFormat = title;
    textFormat = "";
    tagKeys = "job";
    useValueForTime = true;
  };
  started = "process_start_time_seconds{${services}}";
  version = "app_info{${services}}";
  # Within the last minutes, as a service may be away for some; and within the time that one point
  # stands for, which is longer when the dashboard shows days.
  lately = condition: "(${condition "5m"} or ${condition "$__rate_interval"})";
  restarted = lately (window: "changes(${started}[${window}]) > 0");
  twoVersions = lately (
    window: "count by (job, instance) (present_over_time(${version}[${window}])) > 1"
  );
in
{
  list = [
    (event "Restarts" "orange" "{{job}} was started" "1000 * ${started} and ${restarted}")
    (event "Deployments" "blue" "{{job}} {{version}} was deployed" (
      "1000 * ${started} * on (job, instance) group_left (version) ${version}"
      + " and on (job, instance) ${twoVersions}"
    ))
  ];
}
