# Loki, run by NixOS' own module, which checks the configuration at build.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  rules = lib.removePrefix "/etc/" (import ../files.nix).lokiRulesOfTenant;
in
{
  services.loki = lib.mkIf cfg.loki.enable {
    enable = true;
    configuration = import ../config/loki.nix cfg;
  };
  systemd.services.loki = lib.mkIf cfg.loki.enable (import ../units/upkeep.nix cfg.loki);
  # Looked at every minute: new rules need no restart.
  environment.etc = lib.mkIf cfg.loki.enable {
    ${rules}.text = builtins.toJSON (import ../config/rules/logs.nix cfg);
  };
}
