# Alertmanager, run by NixOS' own module, which checks the configuration at build. Secrets come as
# credentials, so that they are neither in the store nor readable by another user.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.alertmanager;
  addresses = import ../addresses.nix cfg;
  upkeep = import ../units/upkeep.nix own;
  inherit (import ../config/alertmanager.nix cfg) settings flags loadCredential;
in
{
  services.prometheus.alertmanager = lib.mkIf own.enable {
    enable = true;
    listenAddress = addresses.bracketed (addresses.listen "alertmanager");
    inherit (own) port;
    configuration = settings;
    logLevel = "warn";
    extraFlags = flags;
  };
  systemd.services = lib.mkIf own.enable {
    ${(import ../units/names.nix).alertmanager} = upkeep // {
      serviceConfig = upkeep.serviceConfig // {
        LoadCredential = loadCredential;
      };
    };
  };
}
