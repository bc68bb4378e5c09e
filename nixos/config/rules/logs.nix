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
          # Logged once for each order, at its first failure outside of an outage. How long orders
          # wait is what OrdersPending is about.
          expr = "sum by (service, order_id) (count_over_time({service=\"order-service\"} |= `cannot be settled, it is tried again` [10m])) > 0";
          severity = "critical";
          labels.order_id = "{{ $labels.order_id }}";
          summary = "Order {{ $labels.order_id }} is stuck";
          description = "Inventory gives order {{ $labels.order_id }} an answer that the contract does not know. It is tried again after ever longer pauses; other orders are not held back.";
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
