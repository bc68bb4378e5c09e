# The unit of a back end: a program in Go that has no word for systemd. Who needs it asks whether it
# is ready. part: its name among the settings; serviceConfig: what is its own.
cfg:
{
  part,
  description,
  documentation,
  serviceConfig,
}:
{
  inherit description documentation;
  after = [ "network.target" ];
  wantedBy = [ "multi-user.target" ];
  environment = import ./go.nix;
  # Restart= never gives up: RestartSteps= below slows it down instead.
  unitConfig.StartLimitIntervalSec = 0;
  serviceConfig =
    import ./hardening.nix
    // import ./accounting.nix cfg.${part}
    // {
      Type = "exec";
      Restart = "always";
      RestartSec = "1s";
      RestartSteps = 4;
      RestartMaxDelaySec = "30s";
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
