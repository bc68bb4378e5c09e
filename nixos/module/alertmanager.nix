# Alertmanager, run by NixOS' own module, which checks the configuration at build. Secrets come as
# credentials, so that they are neither in the store nor readable by another user.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.alertmanager;
  addresses = import ../addresses.nix cfg;
  inherit (lib) mkDefault;
  upkeep = import ../units/upkeep.nix own;
  inherit (import ../config/alertmanager.nix cfg) settings flags loadCredential;
in
{
  services.prometheus.alertmanager = lib.mkIf own.enable {
    enable = mkDefault true;
    listenAddress = mkDefault (addresses.bracketed (addresses.listen "alertmanager"));
    port = mkDefault own.port;
    # As a whole: nixpkgs' type of it knows no priorities below.
    configuration = mkDefault settings;
    logLevel = mkDefault "warn";
    webExternalUrl = mkDefault own.url;
    extraFlags = flags;
  };
  systemd.services = lib.mkIf own.enable {
    ${(import ../units/names.nix).alertmanager} = (import ./defaults.nix lib).unit (
      upkeep
      // {
        serviceConfig = upkeep.serviceConfig // {
          LoadCredential = loadCredential;
        };
      }
    );
  };
}
