# What the anomaly detector has found, and that it looks at all.
let
  own = "{instance=\"127.0.0.1:8084\",job=\"anomaly-detector\"}";
  of = family: "anomaly_${family}{instance=\"127.0.0.1:8084\",job=\"order-service\",query=\"p95\"}";
  found = {
    ${of "events_active"} = "_x4 1x4";
    ${of "observed"} = "0.5x20";
    ${of "lower"} = "0.01x20";
    ${of "upper"} = "0.03x20";
  };
in
{
  "what is found is told at once, with what was expected, until it is over" = {
    every = "15s";
    series = found;
    silent = [
      {
        at = 45;
        alert = "AnomalyFound";
      }
    ];
    fires = [
      {
        at = 75;
        alert = "AnomalyFound";
        labels = {
          job = "order-service";
          query = "p95";
        };
        description = "p95 of order-service is 0.5, expected 0.01 to 0.03.";
      }
    ];
  };

  "a detector whose rounds are not answered is behind" = {
    every = "15s";
    series."anomaly_detector_last_round_timestamp_seconds${own}" = "0x30";
    silent = [
      {
        at = 120;
        alert = "AnomalyDetectorBehind";
      }
    ];
    fires = [
      {
        at = 240;
        alert = "AnomalyDetectorBehind";
        labels = {
          instance = "127.0.0.1:8084";
          job = "anomaly-detector";
        };
        description = "Its queries were last answered in full 4m 0s ago: what is unusual is not found meanwhile.";
      }
    ];
  };
}
