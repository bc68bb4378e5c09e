# The unit of the anomaly detector. It watches the shop and goes on when that is stopped, so it is no
# member of its target.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.anomalyDetector;
  units = import ./service.nix cfg {
    part = "anomalyDetector";
    description = "Anomaly detector";
    stateful = true;
    peers = {
      PROMETHEUS_URL = addresses.learnedFrom;
      ALERTMANAGER_URL = addresses.silencedBy;
    };
    environment = {
      QUERY_INTERVAL = toString own.interval;
      QUERIES_FILE = own.queriesFile;
      HISTORY_HOURS = toString own.historyHours;
    };
  };
  alone =
    target: unit:
    removeAttrs unit [ "partOf" ]
    // {
      wantedBy = [ target ];
    };
in
{
  services = builtins.mapAttrs (_: alone "multi-user.target") units.services;
  sockets = builtins.mapAttrs (_: alone "sockets.target") units.sockets;
}
