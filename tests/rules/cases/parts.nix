# Causes: services that are away, restarted, slow, or at a limit.
let
  instance = "127.0.0.1:8083";
  order = {
    inherit instance;
    job = "order-service";
    host = "127.0.0.1";
  };
  # In bytes; the setting is in MiB, such as "128M".
  memoryMax =
    let
      text = (import ../../../nixos/settings.nix { enable = true; }).order.memoryMax;
    in
    builtins.fromJSON (builtins.head (builtins.match "([0-9]+)M" text)) * 1048576;
  of = name: "${name}{instance=\"${instance}\",job=\"order-service\"}";
  unit =
    metric: more:
    "node_systemd_${metric}{instance=\"127.0.0.1:9100\",job=\"node\",name=\"order-service.service\"${more}}";
  ofUnit = {
    instance = "127.0.0.1:9100";
    job = "node";
    name = "order-service.service";
    host = "127.0.0.1";
  };
  calls =
    peer: status:
    "http_client_requests_seconds_count{job=\"order-service\",peer=\"${peer}\",method=\"GET\",uri=\"/products/{id}\",status=\"${status}\",outcome=\"-\"}";
  commits = le: "store_commit_seconds_bucket{job=\"order-service\",le=\"${le}\"}";
in
{
  "a service that is stopped is told after 20 seconds" = {
    every = "5s";
    series.${of "up"} = "1x11 0x20";
    silent = [
      {
        at = 75;
        alert = "ServiceDown";
      }
    ];
    fires = [
      {
        at = 80;
        alert = "ServiceDown";
        labels = order;
        description = "order-service at 127.0.0.1:8083 has not answered for 20 seconds.";
      }
    ];
  };

  "a deployment, away for fifteen seconds, is silent" = {
    every = "5s";
    series = {
      ${of "up"} = "1x11 0x3 1x20";
      ${unit "service_restart_total" ""} = "0x40";
    };
    silent =
      map
        (alert: {
          at = 90;
          inherit alert;
        })
        [
          "ServiceDown"
          "UnitRestarted"
          "UnitFlapping"
        ];
  };

  "a service that systemd restarted once" = {
    every = "5s";
    series.${unit "service_restart_total" ""} = "0x120 1x120";
    silent = [
      {
        at = 600;
        alert = "UnitRestarted";
      }
      {
        at = 610;
        alert = "UnitFlapping";
      }
      {
        # It was, ten minutes ago.
        at = 1210;
        alert = "UnitRestarted";
      }
    ];
    fires = [
      {
        at = 610;
        alert = "UnitRestarted";
        labels = ofUnit // {
          service = "order-service";
        };
        description = "order-service.service ended by itself, hung, or was killed: 1 restarts in ten minutes.";
      }
    ];
  };

  "a service that does not stay up" = {
    every = "5s";
    series.${unit "service_restart_total" ""} = "0x120 0+1x12 12x60";
    fires = [
      {
        at = 660;
        alert = "UnitFlapping";
        labels = ofUnit // {
          service = "order-service";
        };
        description = "systemd restarted order-service.service 11 times in ten minutes.";
      }
    ];
  };

  "a unit that failed for good" = {
    every = "5s";
    series = {
      ${unit "unit_state" ",state=\"failed\""} = "0x11 1x30";
      ${unit "unit_state" ",state=\"active\""} = "1x11 0x30";
    };
    silent = [
      {
        at = 115;
        alert = "UnitFailed";
      }
    ];
    fires = [
      {
        at = 120;
        alert = "UnitFailed";
        labels = ofUnit // {
          state = "failed";
        };
        description = "The unit order-service.service of 127.0.0.1 has failed, and systemd does not start it again.";
      }
    ];
  };

  "a peer that does not answer, and not the one that does" = {
    every = "5s";
    series = {
      ${calls "product-service" "200"} = "0+10x40 400x60";
      ${calls "product-service" "IO_ERROR"} = "0x40 0+10x60";
      ${calls "inventory-service" "200"} = "0+10x100";
    };
    silent = [
      {
        at = 250;
        alert = "PeerFailing";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "PeerFailing";
        labels = {
          job = "order-service";
          peer = "product-service";
        };
        description = "100% of the requests from order-service to product-service fail.";
      }
    ];
  };

  "an instance that is ejected for a minute, and not one that was for a moment or that nobody asks" =
    let
      state =
        port:
        "http_client_instance_state{job=\"gateway-service\",instance=\"127.0.0.1:8080\",peer=\"product-service\",peer_instance=\"192.0.2.1:${port}\"}";
    in
    {
      every = "5s";
      series = {
        ${state "1"} = "0x20 2x3 1 2x3 1 2x20";
        ${state "2"} = "0x20 2 2 0x40";
        ${state "3"} = "0x20 1x40";
      };
      silent = [
        {
          at = 120;
          alert = "InstanceEjected";
        }
      ];
      fires = [
        {
          at = 180;
          alert = "InstanceEjected";
          labels = {
            job = "gateway-service";
            instance = "127.0.0.1:8080";
            peer = "product-service";
            peer_instance = "192.0.2.1:1";
          };
          description = "gateway-service gets no answer from product-service at 192.0.2.1:1, and asks the other instances.";
        }
      ];
    };

  "retries that are not made, and not those that are" =
    let
      retries =
        peer: outcome:
        "http_client_retries_total{job=\"gateway-service\",peer=\"${peer}\",outcome=\"${outcome}\"}";
    in
    {
      every = "5s";
      series = {
        ${retries "product-service" "over_budget"} = "0x20 0+10x60";
        ${retries "order-service" "succeeded"} = "0+10x80";
      };
      silent = [
        {
          at = 150;
          alert = "RetryBudgetSpent";
        }
      ];
      fires = [
        {
          at = 240;
          alert = "RetryBudgetSpent";
          labels = {
            job = "gateway-service";
            peer = "product-service";
          };
          description = "More than a fifth of the requests from gateway-service to product-service would have to be sent again; 2.0 a second are not, and fail.";
        }
      ];
    };

  "a store whose commits take half a second" = {
    every = "5s";
    series = {
      ${commits "0.1"} = "0+10x60 600x120";
      ${commits "0.5"} = "0+10x180";
      ${commits "+Inf"} = "0+10x180";
    };
    silent = [
      {
        at = 590;
        alert = "StoreSlow";
      }
    ];
    fires = [
      {
        at = 720;
        alert = "StoreSlow";
        labels.job = "order-service";
        description = "One in twenty commits of order-service takes longer than 480ms, for five minutes.";
      }
    ];
  };

  "writes that wait for the store" = {
    every = "5s";
    series.${of "store_queue_writes"} = "100x11 150x30";
    silent = [
      {
        at = 115;
        alert = "StoreQueueLong";
      }
    ];
    fires = [
      {
        at = 120;
        alert = "StoreQueueLong";
        labels.job = "order-service";
        description = "150 writes of order-service wait for their turn, for a minute.";
      }
    ];
  };

  "a service near the limit of its memory" = {
    every = "5s";
    # 13 sixteenths of the limit are below the bound, 15 above.
    series.${of "process_resident_memory_bytes"} =
      "${toString (memoryMax / 16 * 13)}x11 ${toString (memoryMax / 16 * 15)}x80";
    silent = [
      {
        at = 355;
        alert = "MemoryNearLimit";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "MemoryNearLimit";
        labels = order;
        description = "order-service holds 93.75% of the memory that its unit may have; at all of it the kernel ends it.";
      }
    ];
  };

  "a service that refuses what it cannot do, for a minute" = {
    every = "5s";
    series."http_server_requests_shed_total{instance=\"${instance}\",job=\"order-service\",priority=\"list\"}" =
      "0x12 0+20x40";
    silent = [
      {
        at = 120;
        alert = "LoadShed";
      }
    ];
    fires = [
      {
        at = 180;
        alert = "LoadShed";
        labels.job = "order-service";
        description = "order-service refuses 4 requests a second that have waited for too long, lists first.";
      }
    ];
  };

  "a burst that was refused in part is silent" = {
    every = "5s";
    series."http_server_requests_shed_total{instance=\"${instance}\",job=\"order-service\",priority=\"list\"}" =
      "0x12 200x40";
    silent =
      map
        (at: {
          inherit at;
          alert = "LoadShed";
        })
        [
          90
          130
          180
        ];
  };

  "a service that asks for what it may not, from the first time on, for ten minutes" = {
    every = "5s";
    series."identity_refusals_total{instance=\"127.0.0.1:8182\",job=\"inventory-service\",caller=\"gateway-service\",method=\"POST\",uri=\"/inventory/reservations\"}" =
      "_x12 1x140";
    silent = [
      {
        at = 55;
        alert = "CallerRefused";
      }
      {
        at = 690;
        alert = "CallerRefused";
      }
    ];
    fires = [
      {
        at = 65;
        alert = "CallerRefused";
        labels = {
          job = "inventory-service";
          caller = "gateway-service";
          method = "POST";
          uri = "/inventory/reservations";
        };
        description = "inventory-service refused 1 requests POST /inventory/reservations of gateway-service in ten minutes.";
      }
    ];
  };

  "an identity of a day that was not renewed when two thirds of it are over" = {
    every = "1m";
    series.${of "identity_expires_timestamp_seconds"} = "30000x30";
    silent = [
      {
        at = 1200;
        alert = "IdentityExpiring";
      }
    ];
    fires = [
      {
        at = 1260;
        alert = "IdentityExpiring";
        labels = order;
        description = "The certificate of order-service ends in 7h 59m 0s, and should have been renewed long before. Without it no other service answers it, or is answered.";
      }
    ];
  };

  "a service near its limit of open files" = {
    every = "5s";
    series = {
      ${of "process_open_fds"} = "70x11 90x80";
      ${of "process_max_fds"} = "100x100";
    };
    silent = [
      {
        at = 355;
        alert = "OpenFilesNearLimit";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "OpenFilesNearLimit";
        labels = order;
        description = "order-service has 90% of the files and connections open that it may have.";
      }
    ];
  };
}
