# Rate, errors and latency of each service and of each of its peers, what became of the orders, and
# the limits of memory: what rules and dashboards ask for again and again, worked out once.
cfg:
let
  names = import ../../units/names.nix;

  inherit (import ./labels.nix) asked;

  record = record: expr: { inherit record expr; };

  percentile =
    name: share:
    record "job:http_server_requests_seconds:${name}_rate1m" (
      "histogram_quantile(${share}, sum by (job, le) (rate(http_server_requests_seconds_bucket{${asked}}[1m])))"
    );

  units = {
    K = 1024;
    M = 1024 * 1024;
    G = 1024 * 1024 * 1024;
    T = 1024 * 1024 * 1024 * 1024;
  };
  # A size as systemd writes it, in bytes; null for "infinity".
  bytes =
    size:
    let
      found = builtins.match "([0-9]+)([KMGT]?)" size;
      number = builtins.fromJSON (builtins.elemAt found 0);
      unit = builtins.elemAt found 1;
    in
    if found == null then null else number * (units.${unit} or 1);

  # Prometheus' job of each part is the name of its unit, but for one.
  job = part: if part == "nodeExporter" then "node" else names.${part};
  limited = builtins.filter (part: bytes cfg.${part}.memoryMax != null) (
    builtins.filter (part: part != "loadGenerator") (builtins.attrNames names)
  );
in
[
  {
    name = "recording";
    rules = [
      (record "job:http_server_requests:rate1m" "sum by (job) (rate(http_server_requests_seconds_count{${asked}}[1m]))")
      # Without an error there is no series of it: then none is a zero.
      (record "job:http_server_errors:rate1m" (
        "sum by (job) (rate(http_server_requests_seconds_count{${asked},status=~\"5..\"}[1m]))"
        + " or 0 * job:http_server_requests:rate1m"
      ))
      (record "job:http_server_errors:ratio_rate1m" "job:http_server_errors:rate1m / (job:http_server_requests:rate1m > 0)")
      (percentile "p50" "0.5")
      (percentile "p95" "0.95")
      (percentile "p99" "0.99")

      (record "job_peer:http_client_requests:rate1m" "sum by (job, peer) (rate(http_client_requests_seconds_count[1m]))")
      # A peer failed that answered 5xx, or not at all.
      (record "job_peer:http_client_errors:rate1m" (
        "sum by (job, peer) (rate(http_client_requests_seconds_count{status=~\"5..|IO_ERROR|TIMEOUT\"}[1m]))"
        + " or 0 * job_peer:http_client_requests:rate1m"
      ))
      (record "job_peer:http_client_errors:ratio_rate1m" "job_peer:http_client_errors:rate1m / (job_peer:http_client_requests:rate1m > 0)")

      (record "result:shop_orders:rate1m" "sum by (result) (rate(shop_orders_total[1m]))")
      (record "shop:order_value:rate1m" "sum(rate(shop_order_value_total[1m]))")
    ];
  }
  {
    name = "limits";
    # They change when a unit does; but a dashboard that was just opened needs them.
    interval = "15s";
    rules = map (
      part:
      record "job:memory_max_bytes" "vector(${toString (bytes cfg.${part}.memoryMax)})"
      // {
        labels.job = job part;
      }
    ) limited;
  }
]
