# The unit of a back end: a program in Go that has no word for systemd. Who needs it asks whether it
# is ready. part: its name among the settings; serviceConfig: what is its own.
cfg:
{
  part,
  description,
  documentation,
  serviceConfig,
}:
let
  upkeep = import ./upkeep.nix cfg.${part};
in
{
  inherit description documentation;
  after = [ "network.target" ];
  wantedBy = [ "multi-user.target" ];
  inherit (upkeep) environment unitConfig;
  serviceConfig =
    import ./hardening.nix
    // upkeep.serviceConfig
    // {
      Type = "exec";
      Restart = "always";
      # It lists the network's interfaces to know its own addresses.
      RestrictAddressFamilies = [
        "AF_INET"
        "AF_INET6"
        "AF_NETLINK"
        "AF_UNIX"
      ];
    }
    // serviceConfig;
}
