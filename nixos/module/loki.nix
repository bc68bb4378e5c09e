# Loki, run by NixOS' own module, which checks the configuration at build.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
in
{
  services.loki = lib.mkIf cfg.loki.enable {
    enable = true;
    configuration = import ../config/loki.nix cfg;
  };
  systemd.services.loki = lib.mkIf cfg.loki.enable (import ../units/upkeep.nix cfg.loki);
}
