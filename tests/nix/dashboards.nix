# The dashboards: their JSON files are what the Nix files say, and each panel tells what it shows.
let
  dashboards = import ../../dashboards;
  uids = builtins.attrNames dashboards;
  folder = ../../dashboards;
  sources = import ../../nixos/config/sources.nix;

  files = builtins.filter (name: builtins.match ".*[.]json" name != null) (
    builtins.attrNames (builtins.readDir folder)
  );
  file = uid: builtins.fromJSON (builtins.readFile (folder + "/${uid}.json"));
  # As it is read again: numbers may be written in more than one way.
  rendered = uid: builtins.fromJSON (builtins.toJSON dashboards.${uid});

  panelsOf =
    uid:
    map (panel: panel // { of = uid; }) (
      builtins.filter (panel: panel.type != "row") dashboards.${uid}.panels
    );
  panels = builtins.concatMap panelsOf uids;
  broken = condition: map (panel: "${panel.of}: ${panel.title}") (builtins.filter condition panels);
  none = actual: {
    expected = [ ];
    inherit actual;
  };

  refers = one: one ? datasource.uid && builtins.hasAttr one.datasource.uid sources;
  words = text: builtins.length (builtins.filter builtins.isString (builtins.split " " text));
  # Grafana's own core panels; none of them is drawn by Angular, or by a plugin of the cloud.
  kinds = [
    "timeseries"
    "stat"
    "heatmap"
    "table"
    "logs"
  ];
  widthOfRow =
    uid: y:
    builtins.foldl' (
      sum: panel: if panel.gridPos.y == y then sum + panel.gridPos.w else sum
    ) 0 dashboards.${uid}.panels;
  duplicates =
    names: builtins.filter (name: builtins.length (builtins.filter (one: one == name) names) > 1) names;
in
{
  "every dashboard has its file, and every file its dashboard: dashboards/render" = {
    expected = map (uid: "${uid}.json") uids;
    actual = files;
  };
  "no file of a dashboard is stale: dashboards/render" = none (
    builtins.filter (uid: builtins.elem "${uid}.json" files && file uid != rendered uid) uids
  );
  "every dashboard has the uid by which it is named" = {
    expected = uids;
    actual = map (uid: dashboards.${uid}.uid) uids;
  };
  "every panel has a unit" = none (broken (panel: !panel.fieldConfig.defaults ? unit));
  "every panel says what it shows" = none (broken (panel: words panel.description < 4));
  "every panel and every target has the fixed uid of a data source" = none (
    broken (panel: !refers panel || panel.targets == [ ] || !builtins.all refers panel.targets)
  );
  "every panel is of a kind that Grafana itself draws" = none (
    broken (panel: !builtins.elem panel.type kinds)
  );
  "every table says how wide its columns are" = none (
    broken (panel: panel.type == "table" && panel.fieldConfig.overrides == [ ])
  );
  "no two panels of a dashboard have the same id" = none (
    builtins.filter (uid: duplicates (map (panel: panel.id) dashboards.${uid}.panels) != [ ]) uids
  );
  "every row of panels is as wide as the page" = none (
    builtins.concatMap (
      uid:
      map (panel: "${uid}: ${panel.title}") (
        builtins.filter (panel: widthOfRow uid panel.gridPos.y != 24) dashboards.${uid}.panels
      )
    ) uids
  );
  "every dashboard begins with a row of numbers that says whether all is well" = none (
    builtins.concatMap (
      uid:
      map (panel: "${uid}: ${panel.title}") (
        builtins.filter (panel: panel.gridPos.y == 0 && panel.type != "stat") dashboards.${uid}.panels
      )
    ) uids
  );
  "every dashboard shows when something was started or deployed" = none (
    builtins.filter (
      uid:
      map (one: one.name) dashboards.${uid}.annotations.list != [
        "Restarts"
        "Deployments"
      ]
    ) uids
  );
  "every dashboard leads to all others" = none (
    builtins.filter (
      uid:
      builtins.sort builtins.lessThan (map (link: link.url) dashboards.${uid}.links)
      != map (other: "/d/${other}") (builtins.filter (other: other != uid) uids)
    ) uids
  );
}
