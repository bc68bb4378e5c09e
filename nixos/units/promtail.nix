# The unit of Promtail: it reads the journal and sends it to Loki.
cfg:
let
  files = import ../files.nix;
  own = cfg.promtail;
in
{
  services.promtail = {
    description = "Promtail, from the journal to Loki";
    documentation = [ "https://grafana.com/docs/loki/latest/send-data/promtail/" ];
    after = [ "network.target" ];
    wantedBy = [ "multi-user.target" ];
    environment = import ./go.nix;
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig =
      import ./hardening.nix
      // import ./accounting.nix own
      // {
        # toString: a package that is missing is an assertion's matter, not an error here.
        ExecStart = "${toString own.package}/bin/promtail -config.file=${files.promtail}";
        Type = "exec";
        Restart = "always";
        RestartSec = "1s";
        RestartSteps = 4;
        RestartMaxDelaySec = "30s";
        # Where it stands in the journal is written down; without Loki it would wait for a minute.
        TimeoutStopSec = 3;
        StateDirectory = "promtail";
        StateDirectoryMode = "0700";
        SupplementaryGroups = "systemd-journal";
        # The journal belongs to a group of the host, which a user namespace would hide.
        PrivateUsers = false;
        LimitNOFILE = 4096;
        SyslogIdentifier = "promtail";
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_NETLINK"
          "AF_UNIX"
        ];
      };
  };
  sockets = { };
}
