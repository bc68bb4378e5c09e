# Hosts: a dead one, its disks, its memory.
let
  node =
    name: more:
    "node_${name}{instance=\"10.0.0.1:9100\",job=\"node\"${if more == "" then "" else ",${more}"}}";
  disk =
    name: mountpoint:
    node "filesystem_${name}_bytes" "mountpoint=\"${mountpoint}\",device=\"/dev/sda\",fstype=\"ext4\"";
  host = {
    instance = "10.0.0.1:9100";
    job = "node";
    host = "10.0.0.1";
  };
  ofDisk = host // {
    mountpoint = "/var";
    device = "/dev/sda";
    fstype = "ext4";
  };
in
{
  "no target of a host answers: the host is down, not the one beside it" = {
    every = "5s";
    series = {
      "up{instance=\"10.0.0.1:9100\",job=\"node\"}" = "1x11 0x20";
      "up{instance=\"10.0.0.1:8083\",job=\"order-service\"}" = "1x11 0x20";
      "up{instance=\"10.0.0.2:9100\",job=\"node\"}" = "1x40";
      "up{instance=\"10.0.0.2:3100\",job=\"loki\"}" = "0x40";
    };
    silent = [
      {
        at = 60;
        alert = "HostDown";
      }
    ];
    fires = [
      {
        at = 65;
        alert = "HostDown";
        labels.host = "10.0.0.1";
        description = "None of the 2 targets on 10.0.0.1 answers.";
      }
    ];
  };

  "a disk of which four parts in a hundred are free; a full /run is none" = {
    every = "5s";
    series = {
      ${disk "avail" "/var"} = "60x11 40x40";
      ${disk "size" "/var"} = "1000x60";
      ${disk "avail" "/run"} = "1x60";
      ${disk "size" "/run"} = "1000x60";
    };
    silent = [
      {
        at = 115;
        alert = "DiskFull";
      }
      {
        at = 115;
        alert = "DiskFilling";
      }
    ];
    fires = [
      {
        at = 120;
        alert = "DiskFull";
        labels = ofDisk;
        description = "4% of /var are free. When nothing is, no order can be stored.";
      }
    ];
  };

  "a disk that will be full within a day" = {
    every = "1m";
    series = {
      # 1 % of it a quarter of an hour, from 60 % free on.
      ${disk "avail" "/var"} = "600-0.6666666666666666x600";
      ${disk "size" "/var"} = "1000x600";
    };
    silent = [
      {
        at = 18000;
        alert = "DiskFilling";
      }
    ];
    fires = [
      {
        at = 25200;
        alert = "DiskFilling";
        labels = ofDisk;
        description = "At the rate of the last six hours /var lacks -640B in a day.";
      }
    ];
  };

  "memory of a host that is nearly used up" = {
    every = "5s";
    series = {
      ${node "memory_MemAvailable_bytes" ""} = "200x11 80x80";
      ${node "memory_MemTotal_bytes" ""} = "1000x100";
    };
    silent = [
      {
        at = 355;
        alert = "HostMemoryLow";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "HostMemoryLow";
        labels = host;
        description = "8% of the memory of 10.0.0.1 are available, for five minutes.";
      }
    ];
  };
}
