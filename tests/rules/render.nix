# What tests/rules/run hands to promtool: { rules, tests, files, untested }. Rules and tests by the name
# of their file; the cases stand in cases/.
let
  cfg = import ../../nixos/debian/given.nix { enable = true; };
  rules = import ../../nixos/config/rules cfg;
  alerts = builtins.filter (rule: rule ? alert) (
    builtins.concatMap (group: group.rules) (
      builtins.concatMap (file: file.groups) (builtins.attrValues rules)
    )
  );
  cases = builtins.mapAttrs (_: file: import file) {
    objectives = ./cases/objectives.nix;
    shop = ./cases/shop.nix;
    parts = ./cases/parts.nix;
    hosts = ./cases/hosts.nix;
    telemetry = ./cases/telemetry.nix;
    bands = ./cases/bands.nix;
    anomalies = ./cases/anomalies.nix;
  };

  # Two rules of one alert differ by the window that they look at.
  key = name: window: "${name}${if window == null then "" else " ${window}"}";
  keyOf = rule: key rule.alert (rule.labels.window or null);
  rulesByKey = builtins.listToAttrs (
    map (rule: {
      name = keyOf rule;
      value = rule;
    }) alerts
  );

  # A template with the labels filled in.
  filled =
    labels:
    builtins.replaceStrings (map (name: "{{ $labels.${name} }}") (builtins.attrNames labels)) (
      builtins.attrValues labels
    );
  inherit (import ../../nixos/config/rules/period.nix) prometheus;
  shownAt =
    seconds:
    builtins.replaceStrings
      [ prometheus.from prometheus.to ]
      [
        (toString ((seconds - 1800) * 1000))
        (toString ((seconds + 300) * 1000))
      ];

  # at: seconds; alert and window: which rule; labels: those of the series; description: as it is
  # read. Nothing else of the alert may fire then. Without a description it is asked only whether the
  # rule fires: between two figures of a rate, versions of Prometheus differ by a little.
  expected =
    { at, alert, ... }@one:
    let
      rule = rulesByKey.${key alert (one.window or null)};
      labels = one.labels or { };
      annotations = builtins.mapAttrs (_: text: shownAt at (filled labels text)) rule.annotations;
    in
    {
      exp_labels = labels // builtins.mapAttrs (_: filled labels) rule.labels;
      exp_annotations = annotations // {
        inherit (one) description;
      };
    };
  firing =
    {
      at,
      alert,
      window,
    }:
    {
      expr = "count(ALERTS{alertname=\"${alert}\",window=\"${window}\",alertstate=\"firing\"})";
      eval_time = "${toString at}s";
      exp_samples = [
        {
          labels = "{}";
          value = 1;
        }
      ];
    };
  # What is expected of one alert at one time stands together.
  together =
    fires:
    map (ones: {
      inherit (builtins.head ones) at alert;
      alerts = map expected ones;
    }) (builtins.attrValues (builtins.groupBy ({ at, alert, ... }: "${toString at} ${alert}") fires));
  look =
    {
      at,
      alert,
      alerts,
    }:
    {
      eval_time = "${toString at}s";
      alertname = alert;
      exp_alerts = alerts;
    };
  test =
    name:
    {
      every,
      series,
      fires ? [ ],
      silent ? [ ],
      records ? { },
    }:
    {
      inherit name;
      interval = every;
      input_series = map (one: {
        series = one;
        values = series.${one};
      }) (builtins.attrNames series);
      alert_rule_test = map look (
        together (builtins.filter (one: one ? description) fires)
        ++ map (one: one // { alerts = [ ]; }) silent
      );
      promql_expr_test =
        map firing (builtins.filter (one: !one ? description) fires)
        ++ map (expr: {
          inherit expr;
          eval_time = records.${expr}.at;
          exp_samples = [
            {
              inherit (records.${expr}) labels value;
            }
          ];
        }) (builtins.attrNames records);
    };

  fired = builtins.concatMap (
    file: builtins.concatMap (one: one.fires or [ ]) (builtins.attrValues file)
  ) (builtins.attrValues cases);
  silent = builtins.concatMap (
    file: builtins.concatMap (one: one.silent or [ ]) (builtins.attrValues file)
  ) (builtins.attrValues cases);
  has = tested: rule: builtins.any (one: key one.alert (one.window or null) == keyOf rule) tested;
  hasAny = tested: rule: builtins.any (one: one.alert == rule.alert) tested;
  # Which rules a test reads. promtool works out groups in no order unless it is given one: records
  # come before what is made of them.
  filesOf = names: {
    rule_files = map (name: "${name}.yml") names;
    group_eval_order = builtins.sort (a: b: rank a < rank b) (
      builtins.concatMap (name: map (group: group.name) rules.${name}.groups) names
    );
  };
  rank = group: if builtins.elem group made then 0 else 1;
  made = [
    "recording"
    "limits"
    "objectives"
    "bands"
  ];
in
{
  inherit rules;
  tests = builtins.mapAttrs (
    name: file:
    filesOf (
      [
        "recording"
        name
      ]
      # A back end that is away is no service that is down.
      ++ (if name == "telemetry" then [ "parts" ] else [ ])
    )
    // {
      # As often as the rules are worked out; where a case lasts hours, as often as its series have values.
      evaluation_interval =
        if
          builtins.elem name [
            "bands"
            "objectives"
          ]
        then
          "30s"
        else
          "5s";
      tests = builtins.attrValues (builtins.mapAttrs test file);
    }
  ) cases;
  # For the weeks and days that Python makes.
  files = {
    bands = filesOf [ "bands" ];
    all = filesOf (builtins.attrNames cases ++ [ "recording" ]);
  };
  untested =
    map (rule: "${keyOf rule} never fires") (builtins.filter (rule: !has fired rule) alerts)
    ++ map (rule: "${keyOf rule} is never silent") (
      builtins.filter (rule: rule.alert != "Watchdog" && !hasAny silent rule) alerts
    );
}
