# Dex, run by NixOS' own module. Its secrets are read from a file by systemd, and are never in the store.
{ config, lib, ... }:
let
  cfg = config.services.hello-observability;
  own = cfg.dex;
  dex = import ../config/dex.nix cfg;
  signIn = import ../config/sign-in.nix cfg;
  upkeep = import ../units/upkeep.nix own;
  defaults = import ./defaults.nix lib;
in
{
  services.dex = lib.mkIf own.enable {
    enable = true;
    environmentFile = lib.mkDefault signIn.environmentFile;
    settings = defaults.settings (
      dex.settings
      // {
        # The one that keeps who has signed in over a restart, in one file.
        storage = {
          type = "sqlite3";
          config.file = "/var/lib/dex/dex.db";
        };
      }
    );
  };

  systemd.services = lib.mkIf own.enable {
    dex = defaults.unit {
      environment = upkeep.environment // dex.environment;
      inherit (upkeep) unitConfig;
      serviceConfig = upkeep.serviceConfig // {
        Restart = "always";
        StateDirectory = "dex";
        StateDirectoryMode = "0700";
      };
    };
  };
}
