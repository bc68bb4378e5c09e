# What cannot work, and what to do about it: a list of { assertion, message }.
cfg:
let
  addresses = import ./addresses.nix cfg;
  identity = import ./identity.nix cfg;
  option = name: "services.hello-observability.${name}";
  portsOf = import ./ports.nix;
  listening = builtins.attrNames portsOf.public;

  needs = part: peer: {
    assertion = !cfg.${part}.enable || addresses.known peer;
    message = "${option part} needs ${peer}, which does not run on this host: set ${option "${peer}.address"} to the host where it does.";
  };

  # Of TCP; the one of UDP is alone.
  ports = builtins.concatMap (
    part:
    map (name: {
      name = "${part}.${name}";
      port = cfg.${part}.${name};
    }) (portsOf.public.${part} ++ portsOf.local.${part} or [ ])
  ) (builtins.filter (part: cfg.${part}.enable) listening);
  shared = builtins.filter (all: builtins.length all > 1) (
    builtins.attrValues (builtins.groupBy (entry: toString entry.port) ports)
  );
  sharedText = builtins.concatStringsSep "; " (
    map (
      all:
      "${toString (builtins.head all).port}: ${
        builtins.concatStringsSep ", " (map (entry: option entry.name) all)
      }"
    ) shared
  );

  # A path that is no string would be copied into the store by being named.
  inStore =
    path: builtins.isPath path || path != null && builtins.substring 0 11 path == "/nix/store/";
  outsideStore = name: path: {
    assertion = !inStore path;
    message = "${option name} lies in the Nix store, which everybody can read: give the path as a string, to a file that is put there outside of Nix.";
  };

  # Every receiver of a kind, with what its kind defaults to.
  alertmanager = cfg.alertmanager;
  defaults = import ./config/receivers.nix;
  receivers =
    kind:
    map (name: {
      path = "alertmanager.${kind}.${name}";
      inherit name;
      given = defaults.${kind} // alertmanager.${kind}.${name};
    }) (builtins.attrNames alertmanager.${kind});
  everyReceiver = builtins.concatMap receivers (builtins.attrNames defaults);
  isSet = value: value != null;

  # Loki and its index cannot keep less than a day.
  retentions = {
    "loki.retention" = cfg.loki.retention;
  }
  // builtins.listToAttrs (
    map (level: {
      name = "loki.retentionByLevel.${level}";
      value = cfg.loki.retentionByLevel.${level};
    }) (builtins.attrNames cfg.loki.retentionByLevel)
  );
  hoursOf = text: builtins.fromJSON (builtins.head (builtins.match "0*([0-9]+)h" text));

  tail = cfg.tracing.tail;

  opened = part: cfg.${part}.enable && cfg.${part}.openFirewall == true;
in
[
  {
    assertion = shared == [ ];
    message = "Two parts have one port; give one of them another. ${sharedText}";
  }
  (needs "frontend" "gateway")
  (needs "gateway" "product")
  (needs "gateway" "inventory")
  (needs "gateway" "order")
  (needs "order" "product")
  (needs "order" "inventory")
  {
    assertion = !cfg.loadGenerator.enable || addresses.known "frontend" || addresses.known "gateway";
    message = "${option "loadGenerator"} has no shop to buy from: enable ${option "shop"}, or set ${option "frontend.address"} to the host where it runs.";
  }
  {
    assertion =
      cfg.identity.source != "files"
      || builtins.all (part: cfg.${part}.enable == cfg.gateway.enable) [
        "product"
        "inventory"
        "order"
      ];
    message = "${option "identity.source"}: the services of this host get their identity from an authority of this host, which another host does not believe: run gateway, product, inventory and order on one host, or set it to \"spiffe\".";
  }
  {
    assertion =
      cfg.identity.source != "spiffe"
      || identity.services == [ ]
      || cfg.spireAgent.enable
      || cfg.identity.socket != identity.spire.agentSocket;
    message = "${option "identity.source"} has no agent to ask: enable ${option "spireAgent"} on this host, or set ${option "identity.socket"} to the socket of another.";
  }
  {
    assertion = cfg.identity.source == "none" || identity.lifeInSeconds >= 60;
    message = "${option "identity.life"} is too short to be renewed in time: give at least 60s.";
  }
  (needs "spireAgent" "spireServer")
  {
    assertion =
      !cfg.spireAgent.enable
      || cfg.spireServer.enable
      || cfg.spireServer.address == null
      || cfg.spireAgent.credentialsDirectory != null;
    message = "${option "spireAgent"} cannot prove this host to a server elsewhere: set ${option "spireAgent.credentialsDirectory"} to the certificate that was made for it there.";
  }
  {
    assertion = !cfg.anomalyDetector.enable || addresses.learnedFrom != null;
    message = "${option "anomalyDetector"} has nothing to learn from: enable Prometheus, or set ${option "prometheus.address"} or ${option "anomalyDetector.prometheusUrl"}.";
  }
  {
    assertion = !cfg.promtail.enable || addresses.known "loki" || cfg.promtail.lokiUrl != null;
    message = "${option "promtail"} has nowhere to send the journal: set ${option "loki.address"} or ${option "promtail.lokiUrl"}, or switch it off.";
  }
  {
    assertion = !cfg.promtail.enable || cfg.promtail.package or null != null;
    message = "${option "promtail.package"} is not set: import the module as `nixosModules.default` of this project's flake, which sets it, or give a Promtail that was built with the journal; nixos-26.05 has none.";
  }
  {
    assertion = !cfg.jaeger.enable || cfg.jaeger.package or null != null;
    message = "${option "jaeger.package"} is not set, and Jaeger's makers release none that this project knows for this system: give one, or set ${option "jaeger.enable"} = false and ${option "tracing.endpoint"} to a receiver of OTLP elsewhere.";
  }
  {
    assertion =
      !cfg.grafana.enable
      || addresses.known "prometheus"
      || addresses.known "loki"
      || addresses.known "jaeger";
    message = "${option "grafana"} has nothing to show: enable Prometheus, Loki or Jaeger, or set their address.";
  }
  {
    assertion = cfg.tracing.headersFile == null || addresses.otlp != null;
    message = "${option "tracing.headersFile"} is set, but spans go nowhere: set ${option "tracing.endpoint"}.";
  }
  {
    assertion = !tail.enable || cfg.jaeger.enable;
    message = "${option "tracing.tail"} is what Jaeger does, which does not run on this host: set it on the host where it does.";
  }
  {
    assertion =
      !tail.enable
      || builtins.elem cfg.tracing.sampler [
        "always_on"
        "parentbased_always_on"
      ];
    message = "${option "tracing.tail"} promises each trace with an error, and ${option "tracing.sampler"} throws some away before they are looked at: set it to always_on or parentbased_always_on.";
  }
  {
    assertion = !cfg.signIn.enable || cfg.signIn.issuer != null || cfg.dex.enable;
    message = "${option "signIn"} has no provider: set ${option "signIn.issuer"} to an OpenID provider, or enable ${option "dex"} on this host.";
  }
  {
    assertion = !cfg.dex.enable || cfg.dex.users != { };
    message = "${option "dex"} knows nobody who could sign in: add ${option "dex.users"}.";
  }
  {
    assertion = !(cfg.signIn.enable && cfg.loadGenerator.enable);
    message = "${option "loadGenerator"} has no account, and nobody buys without one where people sign in: switch one of the two off.";
  }
  {
    assertion =
      let
        issuer = (import ./config/sign-in.nix cfg).issuer;
        safe = "https://.*|http://(127\\.[0-9.]+|\\[::1]|localhost)([:/].*)?";
      in
      issuer == null || builtins.match safe issuer != null;
    message = "${option "signIn.issuer"} is of plain http and not on this host: whoever is in between could sign in as anybody. Give one of https.";
  }
  (outsideStore "signIn.clientSecretFile" cfg.signIn.clientSecretFile)
  (outsideStore "tracing.headersFile" cfg.tracing.headersFile)
  (outsideStore "grafana.adminPasswordFile" cfg.grafana.adminPasswordFile)
  (outsideStore "grafana.secretKeyFile" cfg.grafana.secretKeyFile)
  (outsideStore "alertmanager.smtp.passwordFile" alertmanager.smtp.passwordFile)
  (outsideStore "alertmanager.deadMansSwitch.urlFile" alertmanager.deadMansSwitch.urlFile)
  {
    assertion =
      alertmanager.email == { } || isSet alertmanager.smtp.smarthost && isSet alertmanager.smtp.from;
    message = "${option "alertmanager.email"} has no way to send mail: set ${option "alertmanager.smtp"}.smarthost and .from.";
  }
  {
    assertion = isSet alertmanager.smtp.username == isSet alertmanager.smtp.passwordFile;
    message = "${option "alertmanager.smtp"} needs both username and passwordFile, or neither.";
  }
  {
    assertion = !(isSet alertmanager.deadMansSwitch.url && isSet alertmanager.deadMansSwitch.urlFile);
    message = "${option "alertmanager.deadMansSwitch"} has two addresses: set url or urlFile.";
  }
]
++
  map
    (level: {
      assertion =
        let
          own = cfg.loki.retentionByLevel.${level};
        in
        own == null || hoursOf own >= hoursOf cfg.loki.retention;
      message = "${option "loki.retentionByLevel.${level}"} keeps what went wrong for less long than all the rest: give at least ${cfg.loki.retention}, or null for ${option "loki.retention"}.";
    })
    [
      "error"
      "warning"
    ]
++ map (name: {
  assertion = retentions.${name} == null || hoursOf retentions.${name} >= 24;
  message = "${option name} is less than Loki can do: give at least 24h, or null for ${option "loki.retention"}.";
}) (builtins.attrNames retentions)
++ map (
  { path, name, ... }:
  {
    assertion = builtins.match "[A-Za-z0-9_-]+" name != null;
    message = "${option path} has a name that cannot be that of a credential: use letters, digits, \"_\" and \"-\".";
  }
) everyReceiver
++ map ({ path, given, ... }: outsideStore "${path}.urlFile" (given.urlFile or null)) everyReceiver
++ map (
  { path, given, ... }:
  {
    assertion = isSet given.url != isSet given.urlFile;
    message = "${option path} needs one address: set url or urlFile.";
  }
) (receivers "webhooks")
++ map (
  { path, given, ... }:
  {
    assertion = isSet given.urlFile;
    message = "${option path} needs the address of its webhook: set urlFile.";
  }
) (receivers "slack")
++ map (
  { path, given, ... }:
  {
    assertion = isSet given.to;
    message = "${option path} needs somebody to write to: set to.";
  }
) (receivers "email")
++ map (part: {
  assertion = !(opened part && addresses.isLoopback (addresses.listen part));
  message = "${option "${part}.openFirewall"} opens a port on which nobody listens: set ${option "${part}.listenAddress"} to an address that others can reach, such as 0.0.0.0.";
}) listening
