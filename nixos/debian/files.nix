# The files that the units of a machine without NixOS read: their paths and their texts. JSON is
# YAML too (YAML 1.2), and all programs that want YAML take it.
cfg:
let
  ours = import ../files.nix;
  paths = ours // {
    prometheus = "${ours.folder}/prometheus.yml";
    alertmanager = "${ours.folder}/alertmanager.yml";
    loki = "${ours.folder}/loki.yaml";
    grafana = "${ours.folder}/grafana.ini";
    dex = "${ours.folder}/dex.yaml";
    spireServer = "${ours.folder}/spire-server.json";
    spireAgent = "${ours.folder}/spire-agent.json";
    # A folder for each kind of what is provisioned.
    grafanaProvisioning = "${ours.folder}/grafana";
  };
  # Prometheus takes every file of this folder.
  rule = name: "${ours.folder}/rules/${name}.yml";
  rules = import ../config/rules cfg;
  grafana = import ../config/grafana.nix cfg;
  dashboards = import ../../dashboards;
  spire = import ../config/spire.nix cfg;
  # HCL takes JSON, but not with the plugins before the rest.
  hcl =
    first: settings:
    "{\"${first}\":${
      builtins.toJSON settings.${first}
    },\"plugins\":${builtins.toJSON settings.plugins}}";

  contents = {
    prometheus = (import ../config/prometheus.nix cfg).settings // {
      rule_files = [ (rule "*") ];
    };
    alertmanager = (import ../config/alertmanager.nix cfg).settings;
    loki = import ../config/loki.nix cfg;
    promtail = import ../config/promtail.nix cfg;
    jaeger = import ../config/jaeger.nix cfg;
    dex = (import ../config/dex.nix cfg).settings;
  };
  enabled = builtins.filter (name: cfg.${name}.enable) (builtins.attrNames contents);
in
{
  inherit paths;
  texts = {
    ${paths.logFilter} = "${cfg.logFilter}\n";
    ${paths.sockets} = import ../config/sockets.nix cfg;
    ${paths.reopenSockets} = builtins.readFile ../units/reopen-sockets.sh;
  }
  // builtins.listToAttrs (
    map (name: {
      name = paths.${name};
      value = builtins.toJSON contents.${name};
    }) enabled
    ++ (
      if cfg.prometheus.enable then
        map (name: {
          name = rule name;
          value = builtins.toJSON rules.${name};
        }) (builtins.attrNames rules)
      else
        [ ]
    )
  )
  // (if cfg.faults.enable then { ${paths.probes} = import ../config/probes.nix cfg; } else { })
  // (if cfg.spireAgent.enable then { ${paths.spireAgent} = hcl "agent" spire.agent; } else { })
  // (
    if cfg.spireServer.enable then
      {
        ${paths.spireServer} = hcl "server" spire.server;
        ${paths.spireEntries} = builtins.toJSON spire.entries;
        ${paths.spireReconcile} = builtins.readFile ../units/spire-reconcile.sh;
      }
    else
      { }
  )
  // (
    if cfg.loki.enable then
      { ${paths.lokiRulesOfTenant} = builtins.toJSON (import ../config/rules/logs.nix cfg); }
    else
      { }
  )
  // (
    if cfg.grafana.enable then
      {
        ${paths.grafana} = import ./ini.nix (
          grafana.settings
          // {
            paths = {
              data = "/var/lib/grafana";
              plugins = "/var/lib/grafana/plugins";
              provisioning = paths.grafanaProvisioning;
            };
          }
        );
        "${paths.grafanaProvisioning}/datasources/shop.yaml" = builtins.toJSON grafana.datasources;
        "${paths.grafanaProvisioning}/dashboards/shop.yaml" = builtins.toJSON grafana.dashboards;
        # It calls it an error when there is nothing to provision.
        "${paths.grafanaProvisioning}/alerting/none.yaml" = builtins.toJSON { apiVersion = 1; };
        "${paths.grafanaProvisioning}/plugins/none.yaml" = builtins.toJSON { apiVersion = 1; };
      }
      // builtins.listToAttrs (
        map (uid: {
          name = "${cfg.dashboards}/${uid}.json";
          value = builtins.toJSON dashboards.${uid};
        }) (builtins.attrNames dashboards)
      )
    else
      { }
  );
}
