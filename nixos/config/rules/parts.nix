# Why customers may feel something: a service that is away, restarted, slow, or at a limit.
cfg:
let
  alert = import ./alert.nix cfg;
  inherit (import ./labels.nix) services ofUnits withHost;
  cause = rest: alert ({ layer = "cause"; } // rest);
  # Of the metrics of a process: the job is the part.
  ofJob = rest: cause ({ service = "{{ $labels.job }}"; } // rest);
  # Of the metrics of systemd: the unit without its suffix.
  ofUnit = expr: "label_replace(${expr}, \"service\", \"$1\", \"name\", \"(.+)[.]service\")";
  restarts = "node_systemd_service_restart_total{${ofUnits}}";
  # An identity is renewed at a third of its life: below a third two renewals have failed.
  identityLeft = toString ((import ../../identity.nix cfg).lifeInSeconds / 3);
in
[
  {
    name = "parts";
    rules = [
      (ofJob {
        name = "ServiceDown";
        expr = withHost "up{${services}} == 0";
        # A restart takes a second, and fifteen when requests are drained first.
        for = "20s";
        severity = "critical";
        summary = "{{ $labels.job }} is down";
        description = "{{ $labels.job }} at {{ $labels.instance }} has not answered for 20 seconds.";
        dashboard = "service";
      })
      # Restarts that systemd decided on: a crash, a watchdog, the memory's limit; not an upgrade.
      (cause {
        name = "UnitRestarted";
        expr = withHost (ofUnit "increase(${restarts}[10m]) > 0");
        severity = "warning";
        service = "{{ $labels.service }}";
        summary = "systemd had to restart {{ $labels.service }}";
        description = "{{ $labels.name }} ended by itself, hung, or was killed: {{ printf \"%.0f\" $value }} restarts in ten minutes.";
        dashboard = "service";
      })
      (cause {
        name = "UnitFlapping";
        expr = withHost (ofUnit "increase(${restarts}[10m]) > 4");
        severity = "critical";
        service = "{{ $labels.service }}";
        summary = "{{ $labels.service }} does not stay up";
        description = "systemd restarted {{ $labels.name }} {{ printf \"%.0f\" $value }} times in ten minutes.";
        dashboard = "service";
      })
      (cause {
        name = "UnitFailed";
        expr = withHost "node_systemd_unit_state{state=\"failed\"} == 1";
        for = "1m";
        severity = "warning";
        summary = "{{ $labels.name }} has failed";
        description = "The unit {{ $labels.name }} of {{ $labels.host }} has failed, and systemd does not start it again.";
        dashboard = "hosts";
      })
      (cause {
        name = "PeerFailing";
        # What an open circuit refuses counts, too: its status is IO_ERROR.
        expr = "job_peer:http_client_errors:ratio_rate1m > 0.1 and job_peer:http_client_errors:rate1m > 0.1";
        for = "1m";
        severity = "warning";
        service = "{{ $labels.peer }}";
        summary = "{{ $labels.job }} gets no answer from {{ $labels.peer }}";
        description = "{{ $value | humanizePercentage }} of the requests from {{ $labels.job }} to {{ $labels.peer }} fail.";
        dashboard = "service";
      })
      (cause {
        name = "InstanceEjected";
        # 2 while it is ejected, 1 while a request tries it again, also for as long as none comes: more than
        # half of the minute it was left out. Pauses between two tries grow to 16 seconds.
        expr = "avg_over_time(http_client_instance_state[1m]) > 1";
        severity = "warning";
        service = "{{ $labels.peer }}";
        summary = "An instance of {{ $labels.peer }} is ejected";
        description = "{{ $labels.job }} gets no answer from {{ $labels.peer }} at {{ $labels.peer_instance }}, and asks the other instances.";
        dashboard = "service";
      })
      (cause {
        name = "RetryBudgetSpent";
        expr = "sum by (job, peer) (rate(http_client_retries_total{outcome=\"over_budget\"}[1m])) > 0";
        for = "1m";
        severity = "warning";
        service = "{{ $labels.peer }}";
        summary = "{{ $labels.job }} has spent its retries to {{ $labels.peer }}";
        description = "More than a fifth of the requests from {{ $labels.job }} to {{ $labels.peer }} would have to be sent again; {{ printf \"%.1f\" $value }} a second are not, and fail.";
        dashboard = "service";
      })
      (ofJob {
        name = "LoadShed";
        # Some hundred a minute: a burst that was a little too long is none.
        expr = "sum by (job) (rate(http_server_requests_shed_total[1m])) > 1";
        for = "1m";
        severity = "warning";
        summary = "{{ $labels.job }} has more to do than it can";
        description = "{{ $labels.job }} refuses {{ $value | humanize }} requests a second that have waited for too long, lists first.";
        dashboard = "service";
      })
      (ofJob {
        name = "CallerRefused";
        # A series begins at its first refusal, which no rate sees.
        expr = "sum by (job, caller, method, uri) ((identity_refusals_total unless identity_refusals_total offset 10m) or increase(identity_refusals_total[10m])) > 0";
        severity = "warning";
        summary = "{{ $labels.caller }} asks {{ $labels.job }} for what it may not";
        description = "{{ $labels.job }} refused {{ $value | humanize }} requests {{ $labels.method }} {{ $labels.uri }} of {{ $labels.caller }} in ten minutes.";
        dashboard = "service";
      })
      (ofJob {
        name = "IdentityExpiring";
        expr = withHost "identity_expires_timestamp_seconds - time() < ${identityLeft}";
        severity = "critical";
        summary = "The identity of {{ $labels.job }} is not renewed";
        description = "The certificate of {{ $labels.job }} ends in {{ $value | humanizeDuration }}, and should have been renewed long before. Without it no other service answers it, or is answered.";
        dashboard = "service";
      })
      (ofJob {
        name = "StoreSlow";
        # A commit is one fsync: 1 to 10 ms on a disk that is well.
        expr = "histogram_quantile(0.95, sum by (job, le) (rate(store_commit_seconds_bucket[5m]))) > 0.1";
        for = "5m";
        severity = "warning";
        summary = "The store of {{ $labels.job }} is slow";
        description = "One in twenty commits of {{ $labels.job }} takes longer than {{ $value | humanizeDuration }}, for five minutes.";
        dashboard = "service";
      })
      (ofJob {
        name = "StoreQueueLong";
        expr = "max by (job) (store_queue_writes) > 100";
        for = "1m";
        severity = "warning";
        summary = "Writes wait for the store of {{ $labels.job }}";
        description = "{{ $value }} writes of {{ $labels.job }} wait for their turn, for a minute.";
        dashboard = "service";
      })
      (ofJob {
        name = "MemoryNearLimit";
        expr = withHost "process_resident_memory_bytes / on (job) group_left job:memory_max_bytes > 0.85";
        for = "5m";
        severity = "warning";
        summary = "{{ $labels.job }} is near its memory's limit";
        description = "{{ $labels.job }} holds {{ $value | humanizePercentage }} of the memory that its unit may have; at all of it the kernel ends it.";
        dashboard = "service";
      })
      (ofJob {
        name = "OpenFilesNearLimit";
        expr = withHost "process_open_fds / process_max_fds > 0.8";
        for = "5m";
        severity = "warning";
        summary = "{{ $labels.job }} is near its limit of open files";
        description = "{{ $labels.job }} has {{ $value | humanizePercentage }} of the files and connections open that it may have.";
        dashboard = "service";
      })
    ];
  }
]
