# The configuration of Loki 3: one process, its store on disk, ids as structured metadata.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.loki;
  data = "/var/lib/loki";
  files = import ../files.nix;
  # Without an Alertmanager nobody would be told.
  told = addresses.known "alertmanager";

  inherit (import ./fields.nix) labels;
  withoutNulls = import ../without-nulls.nix;
  # The label has the journal's words for the eight levels of syslog; the three worst are rare, and
  # kept as errors are.
  selector =
    level:
    if level == "error" then
      "{${labels.level}=~\"error|crit|alert|emerg\"}"
    else
      "{${labels.level}=\"${level}\"}";
  byLevel = withoutNulls own.retentionByLevel;
in
{
  # One tenant: who may ask is decided by who reaches the port.
  auth_enabled = false;
  analytics.reporting_enabled = false;

  server = {
    http_listen_address = addresses.listen "loki";
    http_listen_port = own.port;
    # The parts of the one process speak to each other over it.
    grpc_listen_address = "127.0.0.1";
    grpc_listen_port = own.grpcPort;
    # Below warning it would log each query, which Promtail would send to it again.
    log_level = "warn";
  };

  common = {
    instance_addr = "127.0.0.1";
    path_prefix = data;
    replication_factor = 1;
    ring.kvstore.store = "inmemory";
    storage.filesystem = {
      chunks_directory = "${data}/chunks";
      rules_directory = "${data}/rules";
    };
  };

  schema_config.configs = [
    {
      from = "2024-01-01";
      store = "tsdb";
      object_store = "filesystem";
      schema = "v13";
      index = {
        prefix = "index_";
        period = "24h";
      };
    }
  ];

  # Ready as soon as it runs: nobody joins or leaves a ring of one.
  ingester.lifecycler.min_ready_duration = "0s";
  frontend_worker = {
    frontend_address = "127.0.0.1:${toString own.grpcPort}";
    dns_lookup_duration = "200ms";
  };
  query_scheduler.use_scheduler_ring = false;

  limits_config = {
    allow_structured_metadata = true;
    # Labels are those that Promtail gives, and no other.
    discover_service_name = [ ];
    # A journal that was kept while Loki was away may be some days old.
    reject_old_samples = true;
    reject_old_samples_max_age = "168h";
    retention_period = own.retention;
    retention_stream = map (level: {
      selector = selector level;
      period = byLevel.${level};
      # No line has two levels.
      priority = 1;
    }) (builtins.attrNames byLevel);
    # A burst of errors, and a journal read anew: 16 MB a second instead of 4.
    ingestion_rate_mb = 16;
    ingestion_burst_size_mb = 32;
    per_stream_rate_limit = "16MB";
    per_stream_rate_limit_burst = "32MB";
  };

  # Looks for what only lines say (rules/logs.nix).
  ruler = {
    storage = {
      type = "local";
      local.directory = files.lokiRules;
    };
    rule_path = "${data}/rules-read";
    ring.kvstore.store = "inmemory";
    evaluation_interval = "15s";
  }
  // (if told then { alertmanager_url = addresses.url "alertmanager"; } else { });

  compactor = {
    working_directory = "${data}/compactor";
    retention_enabled = true;
    delete_request_store = "filesystem";
  };
}
