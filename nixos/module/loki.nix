# Loki, run by NixOS' own module, which checks the configuration at build.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.loki;
  managed = own.enable && own.manage;
  defaults = import ./defaults.nix lib;
  rules = lib.removePrefix "/etc/" (import ../files.nix).lokiRulesOfTenant;
in
{
  services.loki = lib.mkIf managed {
    enable = lib.mkDefault true;
    configuration = defaults.settings (import ../config/loki.nix cfg);
  };
  systemd.services.loki = lib.mkIf managed (defaults.unit (import ../units/upkeep.nix own));
  # Looked at every minute: new rules need no restart.
  environment.etc = lib.mkIf own.enable {
    ${rules}.text = builtins.toJSON (import ../config/rules/logs.nix cfg);
  };
}
