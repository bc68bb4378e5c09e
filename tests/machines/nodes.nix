# The machines of each test, as the values that `services.hello-observability` is given: the NixOS
# test hands them to the module, the Debian machine is rendered from them.
let
  machine = {
    enable = true;
  };
  busy = machine // {
    loadGenerator.enable = true;
  };
  # What a test puts in the place of a service, or asks of one in plain HTTP, has no identity.
  plain = {
    identity.source = "none";
  };
  client = { };
  everywhere = {
    listenAddress = "0.0.0.0";
    openFirewall = true;
  };

  # Only the page is asked for.
  exposed = busy // {
    frontend = everywhere;
    tracing.headersFile = "/var/lib/secrets/otlp-headers";
  };

  # The shop here, what watches it there.
  shop = everywhere // {
    shop.enable = true;
    jaeger.address = "observability";
    loki.address = "observability";
  };
  observability = everywhere // {
    observability.enable = true;
    frontend.address = "shop";
    gateway.address = "shop";
    product.address = "shop";
    inventory.address = "shop";
    order.address = "shop";
    prometheus.agents = [ "shop" ];
  };

  # Traffic, and an operator who may break it.
  breakable = busy // {
    faults.enable = true;
  };

  # Somebody of each kind is told, on ports of the machine's own loopback.
  receivers = {
    frontend.grafanaUrl = "http://127.0.0.1:3000";
    alertmanager = {
      webhooks.test.url = "http://127.0.0.1:9900/webhook";
      slack.test.urlFile = "/var/lib/secrets/slack-webhook";
      email.test.to = "operations@example.org";
      smtp = {
        smarthost = "127.0.0.1:9925";
        from = "alerts@example.org";
        # The receiver of the test has no certificate.
        requireTls = false;
      };
      deadMansSwitch.url = "http://127.0.0.1:9900/dead-mans-switch";
    };
  };
  told = machine // receivers;
  # Slow is what the test makes slow, on a loaded machine too.
  sampled = machine // {
    tracing.tail = {
      enable = true;
      slowerThan = "1500ms";
      share = 0.25;
    };
  };
  # People of each role, all with the password "password".
  people = machine // {
    signIn.enable = true;
    dex = {
      enable = true;
      users =
        let
          user = name: group: {
            email = "${name}@shop.test";
            groups = [ group ];
            passwordHash = "$2b$10$sjsORWftgtSaJcVnDEuQvO3BeSM38szTe67BFfoZb/pJa2YeorpiO";
          };
        in
        {
          ann = user "ann" "customer";
          bob = user "bob" "customer";
          ops = user "ops" "operator";
        };
    };
  };
in
{
  alerts-hosts = {
    inherit shop;
    observability =
      observability // receivers // { frontend = observability.frontend // receivers.frontend; };
  };
  # Little more than it holds when it is idle.
  alerts-parts.machine =
    told
    // plain
    // {
      product.memoryMax = "11M";
    };
  # Fifteen minutes of its rounds are five here, as often as Prometheus looks.
  alerts-anomalies.machine = told // {
    faults.enable = true;
    anomalyDetector = {
      enable = true;
      interval = 5;
      # The shop without customers is nothing that is usual.
      historyHours = 0;
    };
  };
  alerts-shop.machine = told // plain;
  alerts-telemetry.machine = told // plain;
  back-ends = { inherit machine; };
  cardinality = { inherit machine; };
  dashboards.machine =
    busy
    // plain
    // {
      anomalyDetector.enable = true;
    };
  # What systemd limits is to be seen on the shop alone.
  enforced.machine = plain // {
    shop.enable = true;
    promtail.enable = false;
  };
  exposure = {
    inherit client;
    machine = exposed;
  };
  failure.machine = machine // plain;
  figures = { inherit machine; };
  grafana = { inherit machine; };
  grafana-browser.machine = busy // {
    frontend = {
      jaegerUrl = "http://127.0.0.1:16686";
      grafanaUrl = "http://127.0.0.1:3000";
    };
  };
  # As short as it can be seen.
  identity.machine = machine // {
    identity.life = "60s";
  };
  # The same, and beside it the other one who vouches for somebody.
  identity-spire.machine = machine // {
    identity = {
      source = "spiffe";
      life = "60s";
    };
    spireServer.enable = true;
    spireAgent.enable = true;
    inherit (people) dex;
  };
  legacy-receivers = { inherit machine; };
  order-flow = { inherit machine; };
  sign-in.machine = people;
  reboot = { inherit machine; };
  scenarios.machine = breakable;
  rendered = {
    inherit
      busy
      exposed
      told
      sampled
      shop
      observability
      breakable
      people
      ;
    plain = machine // plain;
  };
  tail-sampling.machine = sampled;
  two-hosts = { inherit client shop observability; };
}
