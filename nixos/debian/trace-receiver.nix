# The unit of a receiver of spans that keeps them in memory, where there is no Jaeger.
cfg: {
  trace-receiver = {
    description = "Receiver of spans, in memory";
    after = [ "network.target" ];
    wantedBy = [ "multi-user.target" ];
    serviceConfig = import ../units/hardening.nix // {
      ExecStart = "${cfg.package}/bin/launcher --receiver-only";
      Type = "exec";
      Restart = "always";
    };
  };
}
