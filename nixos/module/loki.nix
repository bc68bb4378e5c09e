# Loki, run by NixOS' own module, which checks the configuration at build.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  backOff = import ../units/back-off.nix;
in
{
  services.loki = lib.mkIf cfg.loki.enable {
    enable = true;
    configuration = import ../config/loki.nix cfg;
  };
  systemd.services.loki = lib.mkIf cfg.loki.enable {
    environment = import ../units/go.nix;
    inherit (backOff) unitConfig;
    serviceConfig = import ../units/accounting.nix cfg.loki // backOff.serviceConfig;
  };
}
