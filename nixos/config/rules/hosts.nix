# What ends every part of a host at once: itself, its disks, its memory.
cfg:
let
  alert = import ./alert.nix cfg;
  inherit (import ./labels.nix) realDisks withHost;
  host =
    rest:
    alert (
      {
        layer = "cause";
        dashboard = "hosts";
      }
      // rest
    );
  free = "node_filesystem_avail_bytes{${realDisks}} / node_filesystem_size_bytes{${realDisks}}";
in
[
  {
    name = "hosts";
    rules = [
      (host {
        name = "HostDown";
        # Every target of the host at once.
        expr = "max by (host) (${withHost "up"}) == 0";
        # It has to be told before the services on it are, which it explains: they are asked every
        # second, the node exporter every five with as long a time-out.
        for = "5s";
        severity = "critical";
        summary = "The host {{ $labels.host }} is down";
        description = "None of the {{ with query (printf \"count(up{instance=~'%s:[0-9]+'})\" $labels.host) }}{{ . | first | value }}{{ end }} targets on {{ $labels.host }} answers.";
      })
      (host {
        name = "DiskFull";
        expr = withHost "${free} < 0.05";
        for = "1m";
        severity = "critical";
        summary = "{{ $labels.mountpoint }} of {{ $labels.host }} is full";
        description = "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} are free. When nothing is, no order can be stored.";
      })
      (host {
        name = "DiskFilling";
        # A day is the night and the morning in which somebody can act.
        expr = withHost "predict_linear(node_filesystem_avail_bytes{${realDisks}}[6h], 86400) < 0 and ${free} < 0.4";
        for = "1h";
        severity = "warning";
        summary = "{{ $labels.mountpoint }} of {{ $labels.host }} will be full within a day";
        description = "At the rate of the last six hours {{ $labels.mountpoint }} lacks {{ $value | humanize1024 }}B in a day.";
      })
      (host {
        name = "HostMemoryLow";
        expr = withHost "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1";
        for = "5m";
        severity = "warning";
        summary = "{{ $labels.host }} has little memory left";
        description = "{{ $value | humanizePercentage }} of the memory of {{ $labels.host }} are available, for five minutes.";
      })
    ];
  }
]
