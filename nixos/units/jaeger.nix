# The unit of Jaeger: traces are taken by OTLP, kept on disk and shown.
cfg:
let
  files = import ../files.nix;
in
{
  services.jaeger = import ./back-end.nix cfg {
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
}
