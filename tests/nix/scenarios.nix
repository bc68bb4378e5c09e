# Each scenario has its page and its evidence, and what it names there is: services, alerts, dashboards
# with their panels. And a fault can be switched on only where that was asked for.
let
  folder = ../../services/scenario/scenarios;
  files = builtins.attrNames (builtins.readDir folder);
  ofKind =
    suffix:
    map builtins.head (
      builtins.filter (found: found != null) (map (builtins.match "(.*)[.]${suffix}") files)
    );
  names = ofKind "json";
  scenario = name: builtins.fromJSON (builtins.readFile (folder + "/${name}.json"));
  page =
    name: if builtins.elem "${name}.md" files then builtins.readFile (folder + "/${name}.md") else "";

  rulesOf = values: import ../../nixos/config/rules (import ../../nixos/debian/given.nix values);
  rules = builtins.concatMap (group: group.rules) (
    builtins.concatMap (file: file.groups) (
      builtins.attrValues (rulesOf {
        enable = true;
      })
    )
  );
  alerts = map (rule: rule.alert) (builtins.filter (rule: rule ? alert) rules);
  dashboards = import ../../dashboards;
  panelsOf =
    uid: if dashboards ? ${uid} then map (panel: panel.title or "") dashboards.${uid}.panels else [ ];
  services = map (part: (import ../../nixos/units/names.nix).${part}) [
    "frontend"
    "gateway"
    "product"
    "inventory"
    "order"
  ];

  isIn = all: one: builtins.elem one all;
  without = holds: {
    expected = [ ];
    actual = builtins.filter (name: !holds name) names;
  };
  evidence = name: (scenario name).evidence;
  # Runbooks that a page links to.
  runbooksOf =
    name:
    builtins.concatMap (part: if builtins.isList part then part else [ ]) (
      builtins.split "/runbooks/([A-Za-z]+)[.]md" (page name)
    );

  unitsOf =
    values:
    (import ../../nixos/debian {
      values = {
        enable = true;
      }
      // values;
    }).units;
  mentioning =
    units:
    builtins.filter (unit: builtins.match ".*FAULTS_FILE.*" units.${unit} != null) (
      builtins.attrNames units
    );
in
{
  "every scenario has its page, and every page its scenario" = {
    expected = names;
    actual = ofKind "md";
  };
  "every scenario has an alert that there is" = without (
    name: isIn alerts (evidence name).alert.name
  );
  "every scenario has a panel that there is" = without (
    name: isIn (panelsOf (evidence name).panel.dashboard) (evidence name).panel.title
  );
  "every scenario has a trace of a service that there is" = without (
    name: isIn services (evidence name).trace.service && (evidence name).trace.operation != ""
  );
  "every scenario has log lines of a service that there is" = without (
    name:
    let
      found = builtins.match "[{]service=\"([a-z-]+)\".*" (evidence name).log.query;
    in
    found != null && isIn services (builtins.head found)
  );
  "every scenario is told of by services that there are" = without (
    name:
    let
      told = builtins.attrNames (scenario name).faults;
    in
    told != [ ] && builtins.all (isIn services) told
  );
  "every page leads to the runbook of its alert, and to none that is not there" = without (
    name:
    isIn (runbooksOf name) (evidence name).alert.name
    && builtins.all (isIn alerts) (
      builtins.filter (runbook: runbook != "OutOfMemory") (runbooksOf name)
    )
  );
  "no unit is told of faults unless that was asked for" = {
    expected = [ ];
    actual = mentioning (unitsOf { });
  };
  "asked for, every service is, and the folder is root's" = {
    expected = [
      "frontend.service"
      "gateway-service.service"
      "inventory-service.service"
      "order-service.service"
      "product-service.service"
    ];
    actual = mentioning (unitsOf {
      faults.enable = true;
    });
  };
}
