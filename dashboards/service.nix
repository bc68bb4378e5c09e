# One service: what is asked of it, what it asks of others, what it needs, and what it said.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    variables
    ;
  inherit (import ../nixos/config/rules/labels.nix) asked;
  inherit (import ../nixos/config/fields.nix) labels;

  job = "job=\"$service\"";
  unit = "name=\"$service.service\"";
  third = rest: panels.timeseries ({ width = 8; } // rest);
  quarter = rest: panels.timeseries ({ width = 6; } // rest);
  # A click on a peer leads to the peer's own page.
  byPeer =
    rest:
    quarter (
      {
        links = [ (links.serviceOfLabel "peer") ];
        none = "It calls no other service";
      }
      // rest
    );
  ofStore = rest: third ({ none = "It has no store"; } // rest);
  notLearned = "The anomaly detector does not run, or has not yet learned this";
  # What is, and what the anomaly detector takes for usual.
  learned =
    query: title: unit:
    let
      series = family: targets.series "max(anomaly_${family}{${job},query=\"${query}\"})";
    in
    {
      inherit title unit;
      none = notLearned;
      description = "What is, between the borders of what is usual at this time, which one value in 500 leaves on each side.";
      targets = [
        (series "observed" "now")
        (series "upper" "highest usual")
        (series "lower" "lowest usual")
      ];
    };
  number = panels.stat;
  toHosts = [ (links.dashboard "hosts" "Hosts") ];
  toTelemetry = [ (links.dashboard "telemetry" "Telemetry") ];
in
dashboard {
  uid = "service";
  title = "Service";
  description = "One service: its requests by route, the peers that it calls, what it needs, its restarts, its log lines and its slowest traces.";
  services = job;
  variables = [ variables.oneService ];
  rows =
    numbers [
      (number {
        title = "State";
        description = "Whether the service answers Prometheus.";
        unit = "none";
        good = panels.below { critical = 1; };
        names = {
          "0" = "DOWN";
          "1" = "UP";
        };
        targets = [ (targets.series "up{${job}}" "up") ];
      })
      (number {
        title = "Alerts that fire";
        description = "Those that are about this service.";
        unit = "none";
        good = panels.above { critical = 1; };
        targets = [
          (targets.series "count(ALERTS{alertstate=\"firing\",service=\"$service\"}) or vector(0)" "alerts")
        ];
      })
      (number {
        title = "Requests";
        description = "Requests answered a second, without those of probes and of Prometheus.";
        unit = "reqps";
        decimals = 1;
        targets = [ (targets.series "job:http_server_requests:rate1m{${job}}" "requests") ];
      })
      (number {
        title = "Server errors";
        description = "The share of the answers that are 5xx; from one in twenty on an alert fires.";
        unit = "percentunit";
        decimals = 2;
        good = panels.above {
          warning = 1.0e-3;
          critical = 5.0e-2;
        };
        targets = [ (targets.series "job:http_server_errors:ratio_rate1m{${job}}" "errors") ];
      })
      (number {
        title = "95th percentile";
        description = "Of a hundred requests 95 are answered within this time.";
        unit = "s";
        good = panels.above {
          warning = 0.25;
          critical = 0.5;
        };
        targets = [ (targets.series "job:http_server_requests_seconds:p95_rate1m{${job}}" "p95") ];
      })
      (number {
        title = "Memory";
        description = "The share of the memory that its unit may have; at all of it the kernel ends the service.";
        unit = "percentunit";
        good = panels.above {
          warning = 0.7;
          critical = 0.85;
        };
        targets = [
          (targets.series "max(process_resident_memory_bytes{${job}} / on (job) group_left job:memory_max_bytes)" "memory")
        ];
      })
      (number {
        title = "Restarts by systemd";
        description = "In the time that is shown: after a crash, a missed watchdog, or at the limit of the memory.";
        unit = "none";
        decimals = 0;
        good = panels.above {
          warning = 1;
          critical = 5;
        };
        targets = [
          (targets.series "sum(increase(node_systemd_service_restart_total{${unit}}[$__range]))" "restarts")
        ];
      })
      (number {
        title = "Version";
        shows = "name";
        description = "What runs, of which there is more than one only while it is being deployed.";
        unit = "none";
        targets = [ (targets.series "count by (version) (app_info{${job}})" "{{version}}") ];
      })
    ]
    ++ [
      {
        height = 8;
        panels = [
          (third {
            title = "Requests by route";
            description = "Requests answered a second, by method and route.";
            unit = "reqps";
            targets = [
              (targets.series "sum by (method, uri) (rate(http_server_requests_seconds_count{${job},${asked}}[$__rate_interval]))" "{{method}} {{uri}}")
            ];
          })
          (third {
            title = "Errors by route";
            description = "Answers with 4xx and 5xx a second, by route and status. 404 and 409 are the client's affair, 5xx ours.";
            none = "No errors";
            unit = "reqps";
            targets = [
              (targets.series "sum by (method, uri, status) (rate(http_server_requests_seconds_count{${job},status=~\"4..|5..\"}[$__rate_interval]))" "{{status}} {{method}} {{uri}}")
            ];
          })
          (third {
            title = "95th percentile by route";
            description = "The time within which 95 of 100 requests of a route are answered. The dots are traces: click one to follow it.";
            unit = "s";
            targets = [
              (targets.exemplars "histogram_quantile(0.95, sum by (method, uri, le) (rate(http_server_requests_seconds_bucket{${job},${asked}}[$__rate_interval])))" "{{method}} {{uri}}")
            ];
          })
        ];
      }
      {
        height = 9;
        panels = [
          (panels.heatmap {
            title = "Response times";
            description = "How many requests took how long. The dots are traces: click one to follow it.";
            unit = "s";
            width = 24;
            targets = [
              (targets.buckets "sum by (le) (increase(http_server_requests_seconds_bucket{${job},${asked}}[$__rate_interval]))")
            ];
          })
        ];
      }
      { section = "What is usual, as the anomaly detector has learned it"; }
      {
        height = 7;
        panels = map third [
          (learned "rate" "Requests, and what is usual" "reqps")
          (learned "p95" "95th percentile, and what is usual" "s")
          {
            title = "How unusual";
            none = notLearned;
            description = "The score of each series, from 0 to 1; 0.99 and more is rare. An alert fires when something was found for sure.";
            unit = "none";
            max = 1;
            targets = [ (targets.series "max by (query) (anomaly_score{${job}})" "{{query}}") ];
          }
        ];
      }
      { section = "Whom it calls: a click on a peer leads to its page"; }
      {
        height = 7;
        panels = [
          (byPeer {
            title = "Calls by peer";
            description = "Requests that this service sends a second, by the service that it asks.";
            unit = "reqps";
            targets = [ (targets.series "job_peer:http_client_requests:rate1m{${job}}" "{{peer}}") ];
          })
          (byPeer {
            title = "Failed calls by peer";
            description = "The share of the calls that the peer answered with 5xx, or not at all.";
            unit = "percentunit";
            lines = panels.above { critical = 0.1; };
            targets = [ (targets.series "job_peer:http_client_errors:ratio_rate1m{${job}}" "{{peer}}") ];
          })
          (byPeer {
            title = "Circuit by peer";
            description = "0 closed: requests pass. 1 half-open: one request tries whether the peer answers again. 2 open: requests fail at once, without being sent.";
            unit = "none";
            max = 2;
            lines = panels.above { critical = 2; };
            targets = [
              (targets.series "max by (peer) (http_client_circuit_state{${job}})" "{{peer}}")
            ];
          })
          (byPeer {
            title = "p95 by peer";
            description = "As this service sees it: with the network, and the wait for a connection.";
            unit = "s";
            targets = [
              (targets.exemplars "histogram_quantile(0.95, sum by (peer, le) (rate(http_client_requests_seconds_bucket{${job}}[$__rate_interval])))" "{{peer}}")
            ];
          })
        ];
      }
      {
        height = 7;
        panels = map (rest: third ({ none = "No peer has several instances, or none failed"; } // rest)) [
          {
            title = "Instances by peer";
            description = "Of peers with several instances. 0 in use. 1: one request tries whether it answers again. 2 ejected: the others are asked.";
            unit = "none";
            max = 2;
            lines = panels.above { critical = 2; };
            targets = [
              (targets.series "http_client_instance_state{${job}}" "{{peer}} {{peer_instance}}")
            ];
          }
          {
            title = "In flight by instance";
            description = "Requests whose answers have not begun, by the instance that they went to. The less loaded of two that chance draws gets the next.";
            unit = "none";
            targets = [
              (targets.series "http_client_requests_in_flight{${job}}" "{{peer}} {{peer_instance}}")
            ];
          }
          {
            title = "Retries by peer";
            description = "Requests sent a second time, a second: succeeded, failed as well, or over budget and not sent. At most a fifth of the requests is sent again.";
            unit = "reqps";
            targets = [
              (targets.series "sum by (peer, outcome) (rate(http_client_retries_total{${job}}[$__rate_interval]))" "{{peer}} {{outcome}}")
            ];
          }
        ];
      }
      { section = "What it needs"; }
      {
        height = 7;
        panels = [
          (third {
            title = "CPU";
            description = "Cores that the process keeps busy, and those that its runtime spends on tasks: near the number of its workers it is saturated.";
            unit = "none";
            links = toHosts;
            targets = [
              (targets.series "rate(process_cpu_seconds_total{${job}}[$__rate_interval])" "process")
              (targets.series "rate(tokio_busy_seconds_total{${job}}[$__rate_interval])" "runtime busy")
              (targets.series "tokio_workers{${job}}" "workers")
            ];
          })
          (third {
            title = "Memory";
            description = "What the process holds, and what its unit may hold.";
            unit = "bytes";
            links = toHosts;
            targets = [
              (targets.series "process_resident_memory_bytes{${job}}" "resident")
              (targets.series "job:memory_max_bytes{${job}}" "limit")
            ];
          })
          (third {
            title = "Open files and connections";
            description = "The share of those that the process may have open; an alert fires from four in five on.";
            unit = "percentunit";
            links = toHosts;
            lines = panels.above { critical = 0.8; };
            targets = [ (targets.series "process_open_fds{${job}} / process_max_fds{${job}}" "open") ];
          })
        ];
      }
      {
        height = 7;
        panels = [
          (third {
            title = "Runtime's queue";
            description = "Tasks that wait for a worker, which stays near zero unless a task blocks its worker; and requests in flight.";
            unit = "none";
            targets = [
              (targets.series "tokio_global_queue_depth{${job}}" "tasks that wait")
              (targets.series "http_server_requests_in_flight{${job}}" "requests in flight")
            ];
          })
          (ofStore {
            title = "Store: writes that wait";
            description = "Writes in the queue of the store, and how many share a commit. The frontend and the gateway have no store.";
            unit = "none";
            targets = [
              (targets.series "store_queue_writes{${job}}" "waiting")
              (targets.series "rate(store_commit_writes_sum{${job}}[$__rate_interval]) / (rate(store_commit_writes_count{${job}}[$__rate_interval]) > 0)" "writes a commit")
            ];
          })
          (ofStore {
            title = "Store: time of a commit";
            description = "One fsync of the disk: 1 to 10 ms on one that is well. The frontend and the gateway have no store.";
            unit = "s";
            lines = panels.above { critical = 0.1; };
            targets = [
              (targets.series "histogram_quantile(0.5, sum by (le) (rate(store_commit_seconds_bucket{${job}}[$__rate_interval])))" "median")
              (targets.series "histogram_quantile(0.95, sum by (le) (rate(store_commit_seconds_bucket{${job}}[$__rate_interval])))" "95th percentile")
            ];
          })
        ];
      }
      { section = "More than it can do"; }
      {
        height = 7;
        panels = [
          (third {
            title = "Queue";
            description = "How long a request waits until a thread has time for it. What waits longer than the line, which is the setting shedAfterMs as it comes, is refused when that lasts for a second.";
            unit = "s";
            lines = panels.above { critical = 0.25; };
            targets = [
              (targets.series "histogram_quantile(0.5, sum by (le) (rate(http_server_queue_seconds_bucket{${job}}[$__rate_interval])))" "median")
              (targets.series "histogram_quantile(0.95, sum by (le) (rate(http_server_queue_seconds_bucket{${job}}[$__rate_interval])))" "95th percentile")
            ];
          })
          (third {
            title = "Refused";
            description = "Requests a second that were answered 503 because they had waited for too long: lists first, then others, probes never.";
            softMax = 1;
            unit = "reqps";
            targets = [
              (targets.series "sum by (priority) (rate(http_server_requests_shed_total{${job}}[$__rate_interval]))" "{{priority}}")
            ];
          })
          (third {
            title = "Too late";
            description = "Requests a second whose work was dropped, as the time was over for which their sender waits: answered 504.";
            softMax = 1;
            unit = "reqps";
            targets = [
              (targets.series "rate(http_server_deadline_exceeded_total{${job}}[$__rate_interval])" "deadlines exceeded")
            ];
          })
        ];
      }
      { section = "Restarts and the watchdog"; }
      {
        height = 7;
        panels = [
          (third {
            title = "Restarts";
            description = "Those that systemd decided on: a crash, a watchdog, the memory's limit.";
            softMax = 1;
            unit = "none";
            links = toHosts;
            targets = [
              (targets.series "increase(node_systemd_service_restart_total{${unit}}[1m])" "restarts")
            ];
          })
          (third {
            title = "What it could not tell";
            description = "Spans and log lines a second that were dropped, as a back end was away or too slow. Zero while all is well.";
            softMax = 1;
            unit = "none";
            links = toTelemetry;
            targets = [
              (targets.series "rate(telemetry_spans_dropped_total{${job}}[$__rate_interval])" "spans")
              (targets.series "rate(telemetry_logs_dropped_total{${job}}[$__rate_interval])" "log lines")
            ];
          })
          (panels.logs {
            title = "What systemd said";
            description = "Starts, stops, crashes and missed watchdogs of its unit.";
            width = 8;
            targets = [
              (targets.lines 100 "{${labels.service}=\"$service\"} |~ `^(Start|Stopp|Watchdog|Main process|Failed with|Scheduled restart|Killing|Deactivated)`")
            ];
          })
        ];
      }
      { section = "Logs and traces"; }
      {
        height = 11;
        panels = [
          (panels.logs {
            title = "Logs";
            description = "What the service said; open a line for its fields and its trace.";
            width = 24;
            targets = [ (targets.lines 500 "{${labels.service}=\"$service\"}") ];
          })
        ];
      }
      {
        height = 10;
        panels = [
          (panels.traces {
            title = "Slowest traces";
            description = "Of the last hundred traces through this service, the slowest first; a click on an id opens the whole trace.";
            width = 24;
            sort = [
              {
                displayName = "Duration";
                desc = true;
              }
            ];
            targets = [
              (targets.traces {
                service = "$service";
                limit = 100;
              })
            ];
          })
        ];
      }
    ];
}
