# The unit of the anomaly detector. It watches the shop and goes on when that is stopped, so it is no
# member of its target.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.anomalyDetector;
in
import ./service.nix cfg {
  part = "anomalyDetector";
  description = "Anomaly detector";
  stateful = true;
  service.wantedBy = [ "multi-user.target" ];
  socket.wantedBy = [ "sockets.target" ];
  peers = {
    PROMETHEUS_URL = addresses.learnedFrom;
    ALERTMANAGER_URL = addresses.silencedBy;
  };
  environment = {
    QUERY_INTERVAL = toString own.interval;
    # A path of Nix is copied to the store by being named in a text.
    QUERIES_FILE = if own.queriesFile == null then null else "${own.queriesFile}";
    HISTORY_HOURS = toString own.historyHours;
  };
}
