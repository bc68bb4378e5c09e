# How a back end is started again: soon, then ever more slowly, and without end. systemd's own limit
# of five starts would give up on a machine whose address comes up seconds after its units.
{
  unitConfig.StartLimitIntervalSec = 0;
  serviceConfig = {
    RestartSec = "1s";
    RestartSteps = 4;
    RestartMaxDelaySec = "30s";
  };
}
