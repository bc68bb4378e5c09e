# The rules of Loki's ruler: what only log lines say. One file, { groups }, in LogQL.
cfg:
let
  alert = import ./alert.nix cfg;
  inherit (import ./period.nix) loki;
  said =
    rest:
    alert (
      {
        layer = "cause";
        service = "{{ $labels.service }}";
        dashboard = "service";
        period = loki;
      }
      // rest
    );
  # Lines of a service, and of systemd about it, in a time.
  lines =
    text: window: "sum by (service) (count_over_time({service=~\".+\"} |= `${text}` [${window}])) > 0";
in
{
  groups = [
    {
      name = "logs";
      # A look over five minutes of lines every quarter of a minute: some milliseconds.
      interval = "15s";
      rules = [
        (said {
          name = "TaskPanicked";
          expr = lines "a task panicked" "5m";
          severity = "warning";
          summary = "A task of {{ $labels.service }} panicked";
          description = "{{ $value }} panics of {{ $labels.service }} in five minutes. A panic is a fault of the program: its request was answered 500.";
        })
        (said {
          name = "OrderStuck";
          # Said at each try, about once a second: a minute of it is no accident.
          expr = "sum by (service, order_id) (count_over_time({service=\"order-service\"} |= `is still pending` [1m])) > 0";
          for = "1m";
          severity = "critical";
          labels.order_id = "{{ $labels.order_id }}";
          summary = "Order {{ $labels.order_id }} is stuck";
          description = "Order {{ $labels.order_id }} was tried {{ $value }} times within the last minute, and is still pending.";
          dashboard = "order-flow";
        })
        (said {
          name = "WatchdogTimeout";
          expr = lines "Watchdog timeout" "10m";
          severity = "warning";
          summary = "{{ $labels.service }} hung, and was restarted";
          description = "systemd ended {{ $labels.service }} {{ $value }} times in ten minutes, as it did not say that it is alive.";
        })
        (said {
          name = "OutOfMemory";
          expr = lines "Failed with result 'oom-kill'" "10m";
          severity = "warning";
          summary = "{{ $labels.service }} needed more memory than it may have";
          description = "The kernel ended {{ $labels.service }} {{ $value }} times in ten minutes, at the limit of its memory.";
        })
        (said {
          name = "StoreCommitFails";
          expr = lines "the store could not commit" "5m";
          severity = "critical";
          summary = "{{ $labels.service }} cannot store";
          description = "{{ $value }} commits of {{ $labels.service }} failed in five minutes; the disk is full or broken.";
        })
      ];
    }
  ];
}
