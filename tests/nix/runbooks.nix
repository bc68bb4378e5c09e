# Each alert says how bad it is, what was measured, where to look and what to do; each has its runbook,
# each runbook its alert, and each begins with what a customer feels.
let
  cfg = import ../../nixos/debian/given.nix { enable = true; };
  groups =
    builtins.concatMap (file: file.groups) (builtins.attrValues (import ../../nixos/config/rules cfg))
    ++ (import ../../nixos/config/rules/logs.nix cfg).groups;
  alerts = builtins.filter (rule: rule ? alert) (builtins.concatMap (group: group.rules) groups);
  unique =
    names:
    builtins.attrNames (
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = null;
        }) names
      )
    );
  names = unique (map (rule: rule.alert) alerts);

  folder = ../../nixos/runbooks;
  pages = map (file: builtins.head (builtins.match "(.*)[.]md" file)) (
    builtins.attrNames (builtins.readDir folder)
  );
  begins =
    name:
    let
      head = "# ${name}\n\n**What a customer feels:** ";
    in
    builtins.substring 0 (builtins.stringLength head) (builtins.readFile (folder + "/${name}.md"))
    == head;
  # Pages that it links to.
  links =
    name:
    builtins.concatMap (part: if builtins.isList part then part else [ ]) (
      builtins.split "[(]([A-Za-z]+)[.]md[)]" (builtins.readFile (folder + "/${name}.md"))
    );
  missing = wanted: there: builtins.filter (name: !builtins.elem name there) wanted;

  given = [
    "description"
    "runbook_url"
    "summary"
    "dashboard"
    "logs"
  ];
  lacking = builtins.filter (rule: missing given (builtins.attrNames rule.annotations) != [ ]) alerts;
  dashboards = import ../../dashboards;
  dashboardOf =
    rule:
    builtins.elemAt (builtins.match "http://127.0.0.1:3000/d/([a-z-]+)[?].*" rule.annotations.dashboard) 0;
  # Explore's panes, as Grafana reads them; a template stands in for the name and the times.
  panesOf =
    rule:
    builtins.elemAt (builtins.match "http://127.0.0.1:3000/explore[?]schemaVersion=1&orgId=1&panes=(.*)" rule.annotations.logs) 0;
  serviceOf = rule: builtins.match ".*[?]var-service=([^&]*)&.*" rule.annotations.dashboard;
  outside =
    allowed: label: builtins.filter (rule: !builtins.elem rule.labels.${label} allowed) alerts;
  literal = builtins.replaceStrings [ "{" "}" "$" "." ] [ "[{]" "[}]" "[$]" "[.]" ];
  withoutTemplates =
    text:
    builtins.concatStringsSep "" (
      builtins.filter builtins.isString (builtins.split "[{][{][^}]*[}][}]" text)
    );
  # The links of all alerts to Grafana with other settings.
  linksWith =
    settings:
    let
      rules = import ../../nixos/config/rules (
        import ../../nixos/debian/given.nix ({ enable = true; } // settings)
      );
      annotations = map (rule: rule.annotations or { }) (
        builtins.concatMap (group: group.rules) (
          builtins.concatMap (file: file.groups) (builtins.attrValues rules)
        )
      );
    in
    builtins.filter (name: builtins.any (one: one ? ${name}) annotations) [
      "dashboard"
      "logs"
    ];
  none = actual: {
    expected = [ ];
    actual = map (one: one.alert or one) actual;
  };
in
{
  "every alert has its runbook" = none (missing names pages);
  "every runbook has its alert" = none (missing pages names);
  "every runbook begins with what a customer feels" = none (
    builtins.filter (name: !begins name) pages
  );
  "no runbook links to one that is not there" = none (missing (builtins.concatMap links pages) pages);
  "every alert says what is wrong, where to look and what to do" = none lacking;
  "every alert links to a dashboard that there is" = none (
    missing (map dashboardOf alerts) (builtins.attrNames dashboards)
  );
  "every alert that leads to the page of a service names the service" = none (
    builtins.filter (
      rule:
      dashboardOf rule == "service"
      && builtins.match ".*[?]var-service=.*" rule.annotations.dashboard == null
    ) alerts
  );
  "every alert's description has a figure that was measured, but for the one that always fires" =
    none
      (
        builtins.filter (
          rule:
          rule.alert != "Watchdog" && builtins.match ".*[{][{].*[}][}].*" rule.annotations.description == null
        ) alerts
      );
  "every alert links to its own runbook" = none (
    builtins.filter (
      rule: rule.annotations.runbook_url != "${cfg.alerts.runbooksUrl}/${rule.alert}.md"
    ) alerts
  );
  "the link to the log lines asks Loki for the service that the dashboard shows" = none (
    builtins.filter (
      rule:
      serviceOf rule != null
      &&
        builtins.match ".*%7Bservice%3D%5C%22${literal (builtins.head (serviceOf rule))}%5C%22%7D.*" (
          panesOf rule
        ) == null
    ) alerts
  );
  "no sign in the link to the log lines ends it in a message" = none (
    builtins.filter (
      # Beside the templates.
      rule: builtins.match ".*[]\"<>|\\[].*" (withoutTemplates (panesOf rule)) != null
    ) alerts
  );
  "without Grafana there is neither link, without Loki none to log lines" = {
    expected = [
      [ ]
      [ "dashboard" ]
    ];
    actual = [
      (linksWith { grafana.enable = false; })
      (linksWith { loki.enable = false; })
    ];
  };
  "every alert has a severity of the three" = none (
    outside [
      "critical"
      "warning"
      "none"
    ] "severity"
  );
  "every alert has a layer of the three" = none (
    outside [
      "symptom"
      "cause"
      "telemetry"
    ] "layer"
  );
}
