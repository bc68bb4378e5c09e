# The unit of a receiver of spans that keeps them in memory, where there is no Jaeger.
cfg:
let
  addresses = import ../addresses.nix cfg;
in
{
  trace-receiver = {
    description = "Receiver of spans, in memory";
    after = [ "network.target" ];
    wantedBy = [ "multi-user.target" ];
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig = import ../units/hardening.nix // {
      ExecStart = "${cfg.package}/bin/launcher --receiver-only --receiver-host=${addresses.listen "jaeger"}";
      Type = "exec";
      Restart = "always";
    };
  };
}
