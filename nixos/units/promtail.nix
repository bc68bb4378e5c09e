# The unit of Promtail: it reads the journal and sends it to Loki.
cfg:
let
  files = import ../files.nix;
in
{
  services.promtail = import ./back-end.nix cfg {
    part = "promtail";
    description = "Promtail, from the journal to Loki";
    documentation = [ "https://grafana.com/docs/loki/latest/send-data/promtail/" ];
    serviceConfig = {
      # toString: a package that is missing is an assertion's matter, not an error here.
      ExecStart = "${toString cfg.promtail.package}/bin/promtail -config.file=${files.promtail}";
      # Where it stands in the journal is written down; without Loki it would wait for a minute.
      TimeoutStopSec = 3;
      StateDirectory = "promtail";
      StateDirectoryMode = "0700";
      SupplementaryGroups = "systemd-journal";
      # The journal belongs to a group of the host, which a user namespace would hide.
      PrivateUsers = false;
      LimitNOFILE = 4096;
      SyslogIdentifier = "promtail";
    };
  };
}
