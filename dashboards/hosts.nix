# The hosts and their units: what runs short, and what does not run.
let
  inherit (import ./library)
    dashboard
    panels
    targets
    links
    numbers
    variables
    ;
  inherit (import ../nixos/config/rules/labels.nix) ofUnits realDisks;

  host = "instance=~\"$instance\"";
  third = rest: panels.timeseries ({ width = 8; } // rest);
  number = panels.stat;
  disk = "node_filesystem_avail_bytes{${host},${realDisks}} / node_filesystem_size_bytes{${host},${realDisks}}";
  busy = "1 - avg by (instance) (rate(node_cpu_seconds_total{${host},mode=\"idle\"}[$__rate_interval]))";
  memory = "1 - node_memory_MemAvailable_bytes{${host}} / node_memory_MemTotal_bytes{${host}}";
  pressure =
    what: kind:
    targets.series "rate(node_pressure_${what}_${kind}_seconds_total{${host}}[$__rate_interval])" "${what} ${kind}";
in
dashboard {
  uid = "hosts";
  title = "Hosts and units";
  description = "Processors, memory, disks and network of each host, the time that is lost by waiting for them, and the systemd units.";
  variables = [ variables.hosts ];
  rows =
    numbers [
      (number {
        title = "Hosts up";
        description = "Node exporters that answer, of those that are known. Red when one does not.";
        unit = "percentunit";
        good = panels.below { critical = 1; };
        targets = [ (targets.series "avg(up{job=\"node\",${host}})" "up") ];
      })
      (number {
        title = "CPU";
        description = "The share of the time that the busiest host is busy.";
        unit = "percentunit";
        good = panels.above {
          warning = 0.8;
          critical = 0.95;
        };
        targets = [ (targets.series "max(${busy})" "busy") ];
      })
      (number {
        title = "Memory";
        description = "The host with the least to spare; an alert fires from nine in ten on.";
        unit = "percentunit";
        good = panels.above {
          warning = 0.8;
          critical = 0.9;
        };
        targets = [ (targets.series "max(${memory})" "used") ];
      })
      (number {
        title = "Fullest disk";
        description = "An alert fires from 95 % on: without room no order can be stored.";
        unit = "percentunit";
        good = panels.above {
          warning = 0.8;
          critical = 0.95;
        };
        targets = [ (targets.series "max(1 - ${disk})" "used") ];
      })
      (number {
        title = "Failed units";
        description = "Units that systemd does not start again.";
        unit = "none";
        good = panels.above { critical = 1; };
        targets = [ (targets.series "sum(node_systemd_units{${host},state=\"failed\"})" "failed") ];
      })
      (number {
        title = "Up for";
        description = "How long the host runs that was started last.";
        unit = "dtdurations";
        targets = [ (targets.series "min(time() - node_boot_time_seconds{${host}})" "uptime") ];
      })
    ]
    ++ [
      {
        height = 8;
        panels = [
          (third {
            title = "CPU";
            description = "What the processors do, on average over all cores and hosts; the rest is idle.";
            unit = "percentunit";
            stacked = true;
            max = 1;
            targets = [
              (targets.series "avg by (mode) (rate(node_cpu_seconds_total{${host},mode!=\"idle\"}[$__rate_interval]))" "{{mode}}")
            ];
          })
          (third {
            title = "Memory";
            description = "Memory in use, and all that there is. What can be taken back at once, such as the cache of files, counts as free.";
            unit = "bytes";
            targets = [
              (targets.series "node_memory_MemTotal_bytes{${host}} - node_memory_MemAvailable_bytes{${host}}" "{{instance}} used")
              (targets.series "node_memory_MemTotal_bytes{${host}}" "{{instance}} total")
            ];
          })
          (third {
            title = "Pressure";
            description = "The share of the time in which some task waited for the processor, the disk or memory, or all of them did (stalled). Above a tenth it is felt.";
            unit = "percentunit";
            targets = [
              (pressure "cpu" "waiting")
              (pressure "io" "waiting")
              (pressure "io" "stalled")
              (pressure "memory" "waiting")
              (pressure "memory" "stalled")
            ];
          })
        ];
      }
      {
        height = 8;
        panels = [
          (third {
            title = "Disk: throughput";
            description = "Bytes read and written a second.";
            unit = "Bps";
            targets = [
              (targets.series "sum by (device) (rate(node_disk_read_bytes_total{${host}}[$__rate_interval]))" "{{device}} read")
              (targets.series "sum by (device) (rate(node_disk_written_bytes_total{${host}}[$__rate_interval]))" "{{device}} written")
            ];
          })
          (third {
            title = "Disk: busy";
            description = "The share of the time in which a disk had something to do, and the share of it that is full.";
            unit = "percentunit";
            max = 1;
            targets = [
              (targets.series "max by (device) (rate(node_disk_io_time_seconds_total{${host}}[$__rate_interval]))" "{{device}} busy")
              (targets.series "max by (device) (1 - ${disk})" "{{device}} full")
            ];
          })
          (third {
            title = "Network";
            description = "Bytes received and sent a second, by interface; lo is what the parts of one host say to each other.";
            unit = "Bps";
            targets = [
              (targets.series "sum by (device) (rate(node_network_receive_bytes_total{${host}}[$__rate_interval]))" "{{device}} received")
              (targets.series "sum by (device) (rate(node_network_transmit_bytes_total{${host}}[$__rate_interval]))" "{{device}} sent")
            ];
          })
        ];
      }
      { section = "Units"; }
      {
        height = 10;
        panels = [
          (panels.labelTable {
            title = "State of the units";
            description = "The units of the shop and of what watches it, with the state in which each is.";
            unit = "string";
            width = 8;
            targets = [
              (targets.rows "sum by (name, state) (node_systemd_unit_state{${host},${ofUnits}} == 1)")
            ];
            columns = [
              {
                field = "name";
                title = "Unit";
              }
              {
                field = "state";
                title = "State";
                width = 110;
              }
            ];
            sort = [
              {
                displayName = "Unit";
                desc = false;
              }
            ];
          })
          (third {
            title = "Restarts by systemd";
            description = "Of a crash, a missed watchdog, or the limit of the memory, in the last minute.";
            unit = "none";
            softMax = 1;
            targets = [
              (targets.series "sum by (name) (increase(node_systemd_service_restart_total{${host},${ofUnits}}[1m]))" "{{name}}")
            ];
          })
          (third {
            title = "Memory of the processes";
            description = "What each part holds; a click leads to its page, where it is one of the shop.";
            unit = "bytes";
            legend = "right";
            links = [ (links.serviceOfLabel "job") ];
            targets = [ (targets.series "sum by (job) (process_resident_memory_bytes)" "{{job}}") ];
          })
        ];
      }
      {
        height = 8;
        panels = [
          (panels.timeseries {
            title = "CPU of the processes";
            description = "Cores that each part keeps busy.";
            unit = "none";
            width = 12;
            legend = "right";
            links = [ (links.serviceOfLabel "job") ];
            targets = [
              (targets.series "sum by (job) (rate(process_cpu_seconds_total[$__rate_interval]))" "{{job}}")
            ];
          })
          (panels.timeseries {
            title = "TCP connections";
            description = "Connections of the host that are open, and those that wait for stray packets after their end: many of these mean that connections are not used again.";
            unit = "none";
            width = 12;
            legend = "right";
            targets = [
              (targets.series "sum(node_netstat_Tcp_CurrEstab{${host}})" "open")
              (targets.series "sum(node_sockstat_TCP_tw{${host}})" "ended (TIME_WAIT)")
            ];
          })
        ];
      }
    ];
}
