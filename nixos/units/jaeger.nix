# The unit of Jaeger: traces are taken by OTLP, kept on disk and shown.
cfg:
let
  files = import ../files.nix;
  unit = import ./back-end.nix cfg {
    part = "jaeger";
    description = "Jaeger, the store of traces";
    documentation = [ "https://www.jaegertracing.io/docs/" ];
    serviceConfig = {
      # toString: a package that is missing is an assertion's matter, not an error here.
      ExecStart = "${toString cfg.jaeger.package}/bin/jaeger --config=${files.jaeger}";
      # The store is closed in order within seconds; half a minute forgives a slow disk.
      TimeoutStopSec = 30;
      StateDirectory = "jaeger";
      StateDirectoryMode = "0700";
      LimitNOFILE = 65536;
      SyslogIdentifier = "jaeger";
    };
  };
in
{
  services.jaeger = unit // {
    environment = unit.environment // {
      # Badger reserves the table that it fills in memory at once, 83 MiB. The collector takes that for
      # used, though ten users use little of it: a third of the heap is 30 MiB of garbage, a tenth 10.
      # Measured with ten users: 29 MiB instead of 47, for a tenth more processor time a span.
      GOGC = "10";
    };
  };
}
