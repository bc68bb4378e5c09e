# The unit of Jaeger: traces are taken by OTLP, kept on disk and shown.
cfg:
let
  files = import ../files.nix;
  own = cfg.jaeger;
in
{
  services.jaeger = {
    description = "Jaeger, the store of traces";
    documentation = [ "https://www.jaegertracing.io/docs/" ];
    after = [ "network.target" ];
    wantedBy = [ "multi-user.target" ];
    environment = import ./go.nix;
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig =
      import ./hardening.nix
      // import ./accounting.nix own
      // {
        # toString: a package that is missing is an assertion's matter, not an error here.
        ExecStart = "${toString own.package}/bin/jaeger --config=${files.jaeger}";
        # It has no word for systemd; who needs it asks its health port.
        Type = "exec";
        Restart = "always";
        RestartSec = "1s";
        RestartSteps = 4;
        RestartMaxDelaySec = "30s";
        # The store is closed in order within seconds; half a minute forgives a slow disk.
        TimeoutStopSec = 30;
        StateDirectory = "jaeger";
        StateDirectoryMode = "0700";
        LimitNOFILE = 65536;
        SyslogIdentifier = "jaeger";
        # It lists the network's interfaces when it resolves the addresses it listens on.
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
