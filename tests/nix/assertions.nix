# Each assertion fires on the configuration that it forbids, and none on a sound one.
let
  given = import ../../nixos/debian/given.nix;
  failed =
    values:
    map (one: one.message) (
      builtins.filter (one: !one.assertion) (import ../../nixos/assertions.nix (given values))
    );

  sound =
    import ./configurations.nix
    // builtins.foldl' (
      all: test:
      all
      // builtins.listToAttrs (
        map (machine: {
          name = "${test}: ${machine}";
          value = nodes.${test}.${machine};
        }) (builtins.attrNames nodes.${test})
      )
    ) { } (builtins.attrNames nodes);
  nodes = import ../machines/nodes.nix;

  # What is forbidden, and a part of the one message that has to come of it.
  forbidden = {
    "two parts on one port" = {
      values = {
        enable = true;
        order.port = 8081;
      };
      message = "8081: services.hello-observability.order.port, services.hello-observability.product.port";
    };
    "a part on a port of Jaeger's" = {
      values = {
        enable = true;
        gateway.port = 4317;
      };
      message = "jaeger.otlpGrpcPort";
    };
    "a part on Loki's port for itself" = {
      values = {
        enable = true;
        gateway.port = 9095;
      };
      message = "loki.grpcPort";
    };
    "identities of one host for services of two" = {
      values = {
        enable = true;
        identity.source = "files";
        order.enable = false;
        order.address = "shop";
      };
      message = "which another host does not believe";
    };
    "identities of an agent that is not there" = {
      values = {
        enable = true;
        identity.source = "spiffe";
      };
      message = "identity.source has no agent to ask";
    };
    "identities that end before they are renewed" = {
      values = {
        enable = true;
        identity.life = "59s";
      };
      message = "identity.life is too short to be renewed in time";
    };
    "an agent without a server" = {
      values.spireAgent.enable = true;
      message = "spireAgent needs spireServer";
    };
    "an agent that cannot prove its host to a server elsewhere" = {
      values = {
        spireAgent.enable = true;
        spireServer.address = "other.example.org";
      };
      message = "spireAgent cannot prove this host";
    };
    "a sign-in without a provider" = {
      values = {
        enable = true;
        signIn.enable = true;
      };
      message = "signIn has no provider";
    };
    "a provider without people" = {
      values = {
        enable = true;
        dex.enable = true;
      };
      message = "dex knows nobody";
    };
    "a provider in plain text elsewhere" = {
      values = {
        enable = true;
        signIn = {
          enable = true;
          issuer = "http://127.0.0.1.example.org/dex";
        };
      };
      message = "signIn.issuer is of plain http";
    };
    "traffic without an account" = {
      values = {
        enable = true;
        loadGenerator.enable = true;
        signIn = {
          enable = true;
          issuer = "https://id.example.org";
        };
      };
      message = "loadGenerator has no account";
    };
    "a load generator without a shop" = {
      values.loadGenerator.enable = true;
      message = "loadGenerator has no shop";
    };
    "a Promtail without a Loki" = {
      values.shop.enable = true;
      message = "promtail has nowhere to send";
    };
    "log lines for less than a day" = {
      values = {
        enable = true;
        loki.retention = "23h";
      };
      message = "loki.retention is less than Loki can do";
    };
    "lines of one level for less than a day" = {
      values = {
        enable = true;
        loki.retentionByLevel.debug = "1h";
      };
      message = "loki.retentionByLevel.debug is less than Loki can do";
    };
    "errors for less long than the rest" = {
      values = {
        enable = true;
        loki.retention = "2160h";
        loki.retentionByLevel.warning = null;
      };
      message = "loki.retentionByLevel.error keeps what went wrong for less long";
    };
    "tail-based sampling where Jaeger is not" = {
      values = {
        enable = true;
        jaeger.enable = false;
        tracing.tail.enable = true;
      };
      message = "tracing.tail is what Jaeger does";
    };
    "tail-based sampling of what was sampled before" = {
      values = {
        enable = true;
        tracing = {
          tail.enable = true;
          sampler = "parentbased_traceidratio";
        };
      };
      message = "tracing.tail promises each trace with an error";
    };
    "Promtail without a package" = {
      values = {
        enable = true;
        promtail.package = null;
      };
      message = "promtail.package is not set";
    };
    "Jaeger without a package" = {
      values = {
        enable = true;
        jaeger.package = null;
      };
      message = "jaeger.package is not set";
    };
    "a Grafana with nothing to show" = {
      values.grafana.enable = true;
      message = "grafana has nothing to show";
    };
    "a secret that Nix would copy into the store" = {
      values = {
        enable = true;
        grafana.adminPasswordFile = ./run;
      };
      message = "grafana.adminPasswordFile lies in the Nix store";
    };
    "a webhook with two addresses" = {
      values.alertmanager.webhooks.one = {
        url = "http://192.0.2.1/";
        urlFile = "/run/keys/webhook";
      };
      message = "alertmanager.webhooks.one needs one address";
    };
    "a webhook without an address" = {
      values.alertmanager.webhooks.one = { };
      message = "alertmanager.webhooks.one needs one address";
    };
    "a Slack without an address" = {
      values.alertmanager.slack.one.channel = "#one";
      message = "alertmanager.slack.one needs the address";
    };
    "mail to nobody" = {
      values.alertmanager = {
        email.one = { };
        smtp = {
          smarthost = "mail.example.org:25";
          from = "alerts@example.org";
        };
      };
      message = "alertmanager.email.one needs somebody";
    };
    "mail without a server" = {
      values.alertmanager.email.one.to = "one@example.org";
      message = "alertmanager.email has no way to send mail";
    };
    "a user of the mail server without a password" = {
      values.alertmanager.smtp.username = "alerts";
      message = "alertmanager.smtp needs both";
    };
    "a dead man's switch with two addresses" = {
      values.alertmanager.deadMansSwitch = {
        url = "http://192.0.2.1/";
        urlFile = "/run/keys/switch";
      };
      message = "alertmanager.deadMansSwitch has two addresses";
    };
    "a receiver whose name no credential can have" = {
      values.alertmanager.webhooks."a/b".url = "http://192.0.2.1/";
      message = "has a name that cannot be that of a credential";
    };
    "a receiver's secret in the store" = {
      values.alertmanager.slack.one.urlFile = "/nix/store/aaaa-secret";
      message = "alertmanager.slack.one.urlFile lies in the Nix store";
    };
    "the mail server's password in the store" = {
      values.alertmanager.smtp = {
        username = "alerts";
        passwordFile = "/nix/store/aaaa-secret";
      };
      message = "alertmanager.smtp.passwordFile lies in the Nix store";
    };
    "the dead man's switch's address in the store" = {
      values.alertmanager.deadMansSwitch.urlFile = "/nix/store/aaaa-secret";
      message = "alertmanager.deadMansSwitch.urlFile lies in the Nix store";
    };
    "headers for spans that go nowhere" = {
      values = {
        shop.enable = true;
        agents.enable = false;
        tracing.headersFile = "/run/keys/otlp-headers";
      };
      message = "tracing.headersFile is set, but";
    };
  }
  // alone {
    frontend = [ "gateway" ];
    gateway = [
      "product"
      "inventory"
      "order"
    ];
    order = [
      "product"
      "inventory"
    ];
  }
  // inStore [
    [
      "tracing"
      "headersFile"
    ]
    [
      "grafana"
      "adminPasswordFile"
    ]
    [
      "grafana"
      "secretKeyFile"
    ]
  ]
  // unreachable;

  # A part whose peers are all elsewhere but one, which is nowhere.
  alone =
    needs:
    builtins.listToAttrs (
      builtins.concatMap (
        part:
        map (peer: {
          name = "${part} without ${peer}";
          value = {
            values =
              builtins.listToAttrs (
                map (name: {
                  inherit name;
                  value.address = "other.example.org";
                }) (builtins.filter (name: name != peer) needs.${part})
              )
              // {
                ${part}.enable = true;
              };
            message = "${part} needs ${peer}";
          };
        }) needs.${part}
      ) (builtins.attrNames needs)
    );

  inStore =
    paths:
    builtins.listToAttrs (
      map (path: rec {
        name = "${builtins.elemAt path 0}.${builtins.elemAt path 1} in the store";
        value = {
          values = {
            enable = true;
            ${builtins.elemAt path 0}.${builtins.elemAt path 1} = "/nix/store/aaaa-secret";
          };
          message = "lies in the Nix store";
        };
      }) paths
    );

  # A port that is opened by name, and heard on loopback alone.
  unreachable = builtins.listToAttrs (
    map (part: {
      name = "an open port of ${part} on loopback";
      value = {
        values = {
          enable = true;
          # Some parts are off unless they are asked for.
          ${part} = {
            enable = true;
            openFirewall = true;
          }
          // (if part == "dex" then dex else { });
        };
        message = "${part}.openFirewall opens a port on which nobody listens";
      };
    }) listening
  );
  # The one part that is off by default, and needs somebody who may sign in.
  dex = {
    enable = true;
    users.ann = { };
  };
  listening = builtins.attrNames (import ../../nixos/ports.nix).public;

  contains = part: text: builtins.length (builtins.split (literal part) text) > 1;
  literal = builtins.replaceStrings [ "." ] [ "[.]" ];
  once =
    { values, message }:
    let
      found = failed values;
    in
    {
      expected = true;
      actual =
        if builtins.length found == 1 && contains message (builtins.head found) then true else found;
    };
in
builtins.listToAttrs (
  map (name: {
    name = "no assertion fires on: ${name}";
    value = {
      expected = [ ];
      actual = failed sound.${name};
    };
  }) (builtins.attrNames sound)
  ++ map (name: {
    name = "an assertion fires on: ${name}";
    value = once forbidden.${name};
  }) (builtins.attrNames forbidden)
)
