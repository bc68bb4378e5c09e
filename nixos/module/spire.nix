# SPIRE, run by NixOS' own module, which nixos-26.05 is the first to have.
{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.services.hello-observability;
  spire = import ../config/spire.nix cfg;
  defaults = import ./defaults.nix lib;
  files = import ../files.nix;
  isThere = options.services ? spire;
  inEtc = lib.removePrefix "/etc/";
  # The bus knows no dynamic user on NixOS, and the agent asks it for the unit of a process: the module
  # gives it a user of its own.
  agent =
    let
      unit = import ../units/spire-agent.nix cfg;
    in
    unit // { serviceConfig = removeAttrs unit.serviceConfig [ "DynamicUser" ]; };
in
{
  assertions = [
    {
      assertion = isThere || !(cfg.spireServer.enable || cfg.spireAgent.enable);
      message = "services.hello-observability.spireServer and spireAgent need the module services.spire of nixpkgs, which nixos-26.05 is the first to have: take that, or run SPIRE by other means and set services.hello-observability.identity.socket.";
    }
  ];

  services = lib.optionalAttrs isThere {
    spire.server = lib.mkIf cfg.spireServer.enable {
      enable = true;
      package = lib.mkDefault cfg.spireServer.package;
      settings = defaults.settings spire.server;
    };
    spire.agent = lib.mkIf cfg.spireAgent.enable {
      enable = true;
      package = lib.mkDefault cfg.spireAgent.package;
      settings = defaults.settings spire.agent;
    };
  };

  systemd.services = lib.optionalAttrs isThere {
    spire-server = lib.mkIf cfg.spireServer.enable (
      defaults.unit (import ../units/spire-server.nix cfg)
    );
    spire-agent = lib.mkIf cfg.spireAgent.enable (defaults.unit agent);
    spire-entries = lib.mkIf cfg.spireServer.enable {
      restartTriggers = [ (builtins.toJSON spire.entries) ];
    };
  };

  environment.etc = lib.mkIf cfg.spireServer.enable {
    ${inEtc files.spireEntries}.text = builtins.toJSON spire.entries;
    ${inEtc files.spireReconcile}.text = builtins.readFile ../units/spire-reconcile.sh;
  };
}
