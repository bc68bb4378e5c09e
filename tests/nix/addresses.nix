# Where a part listens, and where the others find it.
let
  addresses = values: import ../../nixos/addresses.nix (import ../../nixos/debian/given.nix values);
  case = expected: actual: { inherit expected actual; };
  targets =
    job: values:
    let
      inherit (import ../../nixos/config/prometheus.nix (import ../../nixos/debian/given.nix values))
        settings
        ;
      found = builtins.filter (one: one.job_name == job) settings.scrape_configs;
    in
    builtins.concatMap (one: one.targets) (builtins.head found).static_configs;
in
{
  "a part listens on the address of all" = case "192.0.2.1:8080" (
    (addresses { listenAddress = "192.0.2.1"; }).listenOn "gateway"
  );
  "a part's own address goes before" = case "192.0.2.7:8080" (
    (addresses {
      listenAddress = "192.0.2.1";
      gateway.listenAddress = "192.0.2.7";
    }).listenOn
      "gateway"
  );
  "an IPv6 address stands in brackets before a port" = case "[::1]:8080" (
    (addresses { listenAddress = "::1"; }).listenOn "gateway"
  );
  "who listens everywhere is found on loopback" = case "http://127.0.0.1:8080" (
    (addresses { listenAddress = "0.0.0.0"; }).url "gateway"
  );
  "who was told to be elsewhere is found there" = case "http://shop.example.org:8080" (
    (addresses { gateway.address = "shop.example.org"; }).url "gateway"
  );
  "a service with one instance is found at its address" = case "http://127.0.0.1:8081" (
    (addresses { }).urls "product"
  );
  "a service with several is found at each, by weight" =
    case "http://192.0.2.10:8081;w=95,http://[2001:db8::1]:8081;w=5"
      (
        (addresses {
          product.instances = {
            "192.0.2.10" = 95;
            "2001:db8::1" = 5;
          };
        }).urls
          "product"
      );
  "each instance is scraped" =
    case
      [
        "192.0.2.10:8081"
        "192.0.2.11:8081"
      ]
      (
        targets "product-service" {
          prometheus.enable = true;
          product.instances = {
            "192.0.2.10" = 1;
            "192.0.2.11" = 1;
          };
        }
      );
  "one instance elsewhere opens the way to everywhere" =
    let
      reach =
        instances:
        let
          cfg = import ../../nixos/debian/given.nix { product = { inherit instances; }; };
        in
        import ../../nixos/units/reach.nix cfg "gateway" [
          ((import ../../nixos/addresses.nix cfg).urls "product")
        ];
    in
    case
      [
        true
        false
      ]
      (
        map (instances: reach instances ? IPAddressDeny) [
          {
            "127.0.0.1" = 1;
            "127.0.0.2" = 1;
          }
          {
            "127.0.0.1" = 1;
            "192.0.2.11" = 1;
          }
        ]
      );
  "spans go nowhere without a receiver" = case null (addresses { shop.enable = true; }).otlp;
  "spans go to Jaeger by HTTP" = case "http://127.0.0.1:4318" (addresses { enable = true; }).otlp;
  "spans go to Jaeger by gRPC" =
    case "http://127.0.0.1:4317"
      (addresses {
        enable = true;
        tracing.protocol = "grpc";
      }).otlp;
  "spans go to the receiver that was named" =
    case "https://otlp.example.org"
      (addresses {
        enable = true;
        tracing.endpoint = "https://otlp.example.org";
      }).otlp;
  "the journal goes to the Loki that was named" =
    case "https://loki.example.org/push"
      (addresses {
        enable = true;
        promtail.lokiUrl = "https://loki.example.org/push";
      }).lokiPush;
  "the page reads the three signals where they are kept" =
    case
      [
        "http://127.0.0.1:16686"
        "http://127.0.0.1:3100"
        "http://127.0.0.1:9090"
      ]
      (
        let
          here = addresses { enable = true; };
        in
        [
          here.traces
          here.logs
          here.metrics
        ]
      );
  "the page reads logs and metrics where it was told, and nowhere when nobody keeps them" =
    case
      [
        "https://loki.example.org"
        "http://prometheus.example.org:9090"
        null
        null
      ]
      [
        (addresses {
          enable = true;
          frontend.logsUrl = "https://loki.example.org";
        }).logs
        (addresses { prometheus.address = "prometheus.example.org"; }).metrics
        (addresses { shop.enable = true; }).logs
        (addresses { shop.enable = true; }).metrics
      ];
  "what runs here is scraped where it listens, and what runs elsewhere there" =
    case
      [
        "192.0.2.1:9100"
        "shop.example.org:9100"
      ]
      (
        targets "node" {
          enable = true;
          listenAddress = "192.0.2.1";
          prometheus.agents = [ "shop.example.org" ];
        }
      );
  "127.9.9.9 is loopback" = case true ((addresses { }).isLoopback "127.9.9.9");
  "1270.0.0.1 is not" = case false ((addresses { }).isLoopback "1270.0.0.1");
  "10.127.0.1 is not" = case false ((addresses { }).isLoopback "10.127.0.1");
}
