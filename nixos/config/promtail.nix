# The configuration of Promtail: which journal entries are sent, and what they are called in Loki.
#
# Labels are few and bounded: the unit, the level, the host, the service. What differs from entry to
# entry (ids of traces, spans, requests and orders) becomes structured metadata, so that no stream
# is made of it.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.promtail;
  fields = import ./fields.nix;
  inherit (fields) labels;
  ids = builtins.attrValues fields.ids;

  names = import ../units/names.nix;
  enabled = builtins.filter (part: cfg.${part}.enable) (builtins.attrNames names);
  named = prefix: map (part: "${prefix}${names.${part}}.service") enabled;

  # A journal entry has its fields as `__journal_<lower case>`. Several matches of one field are
  # joined by "or", of several fields by "and".
  job = job_name: matches: unit: counted: {
    inherit job_name;
    journal = {
      # Older entries are no news at a first start.
      max_age = "12h";
      matches = builtins.concatStringsSep " " matches;
    };
    relabel_configs = [
      {
        source_labels = [ unit ];
        target_label = labels.unit;
      }
      {
        source_labels = [ unit ];
        regex = "(.+)\\.service";
        target_label = labels.service;
      }
      {
        source_labels = [ "__journal_priority_keyword" ];
        target_label = labels.level;
      }
      {
        source_labels = [ "__journal__hostname" ];
        target_label = labels.host;
      }
    ]
    ++ map (id: {
      source_labels = [ "__journal_${id}" ];
      target_label = id;
    }) ids;
    pipeline_stages = [
      # After it only the few labels are left, and each is one series below.
      {
        structured_metadata = builtins.listToAttrs (
          map (name: {
            inherit name;
            value = null;
          }) ids
        );
      }
    ]
    ++ counted;
  };

  # How many lines were read, by unit and level: whether a unit has fallen silent. Of one job alone,
  # as two would expose the same series.
  counted = [
    {
      metrics.journal_lines_total = {
        type = "Counter";
        description = "Lines that were read from the journal.";
        prefix = "promtail_";
        # A unit that writes nothing for a day is away.
        max_idle_duration = "24h";
        config = {
          match_all = true;
          action = "inc";
        };
      };
    }
  ];
in
import ../merge.nix {
  server = {
    http_listen_address = addresses.listen "promtail";
    http_listen_port = own.port;
    # Nobody speaks gRPC to it; 0 takes any free port, on loopback.
    grpc_listen_address = "127.0.0.1";
    grpc_listen_port = 0;
    log_level = "warn";
  };

  # Where it stands in the journal: a restart leaves nothing out.
  positions = {
    filename = "/var/lib/promtail/positions.yaml";
    # After a kill -9 at most what was read within this time is sent again; Loki drops what it
    # has already, an entry with the same time, labels and text.
    sync_period = "1s";
  };

  clients = [
    {
      url = addresses.lokiPush;
      # A line can be found within a second of being written.
      batchwait = "200ms";
      # Loki may be away for an hour; until then nothing is given up, and the journal keeps the rest.
      backoff_config = {
        min_period = "200ms";
        max_period = "5s";
        max_retries = 720;
      };
    }
  ];

  scrape_configs =
    if own.matches != [ ] then
      [ (job "journal" own.matches "__journal__systemd_unit" counted) ]
    else
      [
        # What the units write, and what systemd writes of them: started, killed, restarted.
        (job "units" (named "_SYSTEMD_UNIT=") "__journal__systemd_unit" counted)
        (job "systemd" ([ "_PID=1" ] ++ named "UNIT=") "__journal_unit" [ ])
      ];
} own.settings
