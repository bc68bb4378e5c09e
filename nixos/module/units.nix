# The units and the files that we write ourselves.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  cfg = config.services.hello-observability;
  units = import ../units cfg;
  defaults = import ./defaults.nix lib;
  files = import ../files.nix;
  reload = import ./reload.nix { inherit options; };
  checked = import ./checked.nix { inherit lib pkgs; };

  inEtc = lib.removePrefix "/etc/";
  # Module trees from before May 2022 lack the option; there it is what the option comes to.
  knowsTriggers = options.systemd.services.type.getSubOptions [ ] ? reloadTriggers;
  reloadedBy =
    path:
    let
      source = "${config.environment.etc.${inEtc path}.source}";
    in
    if knowsTriggers then
      { reloadTriggers = [ source ]; }
    else
      { unitConfig.X-Reload-Triggers = source; };
  promtail =
    checked "promtail.yaml" (import ../config/promtail.nix cfg)
      "${toString cfg.promtail.package}/bin/promtail -check-syntax -config.file=$file";
  jaeger =
    checked "jaeger.yaml" (import ../config/jaeger.nix cfg)
      "${toString cfg.jaeger.package}/bin/jaeger validate --config=$file";
  # Beside strace, by which one of the scenarios slows a disk.
  scenario = pkgs.writeShellScriptBin "scenario" ''exec ${cfg.package}/bin/scenario "$@"'';
  services = lib.filter (name: units.sockets ? ${name}) (lib.attrNames units.services);
in
{
  systemd = lib.mkMerge [
    (lib.mapAttrs (_: lib.mapAttrs (_: unit: defaults.unit (reload unit))) units)
    {
      # A new filter is read on reload; a new configuration of a back end needs a restart.
      services = lib.genAttrs services (_: reloadedBy files.logFilter);
    }
    (lib.mkIf (services != [ ]) {
      services.hello-observability-sockets = reloadedBy files.sockets;
    })
    (lib.mkIf cfg.promtail.enable { services.promtail.restartTriggers = [ promtail ]; })
    (lib.mkIf cfg.jaeger.enable { services.jaeger.restartTriggers = [ jaeger ]; })
  ];
  environment.systemPackages = lib.mkIf cfg.faults.enable [
    scenario
    pkgs.strace
  ];
  environment.etc = lib.mkMerge [
    (lib.mkIf (services != [ ]) {
      ${inEtc files.logFilter}.text = "${cfg.logFilter}\n";
      ${inEtc files.sockets}.text = import ../config/sockets.nix cfg;
      ${inEtc files.reopenSockets}.text = builtins.readFile ../units/reopen-sockets.sh;
    })
    (lib.mkIf cfg.faults.enable { ${inEtc files.probes}.text = import ../config/probes.nix cfg; })
    (lib.mkIf cfg.promtail.enable { ${inEtc files.promtail}.source = promtail; })
    (lib.mkIf cfg.jaeger.enable { ${inEtc files.jaeger}.source = jaeger; })
  ];
}
