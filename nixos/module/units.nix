# The units and the files that we write ourselves.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.hello-observability;
  units = import ../units cfg;
  files = import ../files.nix;
  checked = import ./checked.nix { inherit lib pkgs; };

  inEtc = lib.removePrefix "/etc/";
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
    { inherit (units) services sockets; }
    {
      # A new filter is read on reload; a new configuration of a back end needs a restart.
      services = lib.genAttrs services (_: {
        # What reloadTriggers= writes, as a text that the unit shows.
        unitConfig.X-Reload-Triggers = "${config.environment.etc.${inEtc files.logFilter}.source}";
      });
    }
    (lib.mkIf cfg.promtail.enable { services.promtail.restartTriggers = [ promtail ]; })
    (lib.mkIf cfg.jaeger.enable { services.jaeger.restartTriggers = [ jaeger ]; })
  ];
  environment.systemPackages = lib.mkIf cfg.faults.enable [
    scenario
    pkgs.strace
  ];
  environment.etc = lib.mkMerge [
    (lib.mkIf (services != [ ]) { ${inEtc files.logFilter}.text = "${cfg.logFilter}\n"; })
    (lib.mkIf cfg.promtail.enable { ${inEtc files.promtail}.source = promtail; })
    (lib.mkIf cfg.jaeger.enable { ${inEtc files.jaeger}.source = jaeger; })
  ];
}
