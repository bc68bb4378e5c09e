# Where each part listens and where the others find it, from the plain values of the settings.
cfg:
let
  wildcards = [
    "0.0.0.0"
    "::"
  ];
  # An IPv6 address stands in brackets before a port (RFC 3986, 3.2.2).
  bracketed = host: if builtins.match ".*:.*" host == null then host else "[${host}]";
  own = name: cfg.${name}.listenAddress;
  # host -> weight, of a service that has several instances.
  instances = name: cfg.${name}.instances or { };
in
rec {
  inherit bracketed;

  # The address on which a part listens.
  listen = name: if own name == null then cfg.listenAddress else own name;

  # `ADDRESS:PORT` on which a part listens.
  listenOn = name: listenOnPort name cfg.${name}.port;
  listenOnPort = name: port: "${bracketed (listen name)}:${toString port}";

  # The host on which others find a part; who listens everywhere is found on loopback.
  host =
    name:
    if cfg.${name}.address != null then
      cfg.${name}.address
    else if instances name != { } then
      builtins.head (builtins.attrNames (instances name))
    else if builtins.elem (listen name) wildcards then
      "127.0.0.1"
    else
      listen name;

  target = name: targetPort name cfg.${name}.port;
  # Where its probes are, which are on loopback when they have a port of their own.
  probesOn = name: "127.0.0.1:${toString cfg.${name}.probesPort}";
  probes = name: if (import ./identity.nix cfg).isAsked name then probesOn name else target name;
  targetPort = name: port: "${bracketed (host name)}:${toString port}";
  at = address: port: "${bracketed address}:${toString port}";
  url = name: "http://${target name}";

  # Where the other services find one: at its address, or at each of its instances by weight.
  urls =
    name:
    let
      weighted = host: weight: "http://${at host cfg.${name}.port};w=${toString weight}";
    in
    if instances name == { } then
      url name
    else
      builtins.concatStringsSep "," (builtins.attrValues (builtins.mapAttrs weighted (instances name)));

  # Where a part is scraped.
  scraped =
    name:
    if instances name == { } then
      [ (probes name) ]
    else
      map (host: at host cfg.${name}.port) (builtins.attrNames (instances name));

  # Where spans go: to a receiver that was named, else to Jaeger, where there is one.
  otlp =
    let
      port = if cfg.tracing.protocol == "grpc" then cfg.jaeger.otlpGrpcPort else cfg.jaeger.otlpHttpPort;
    in
    if cfg.tracing.endpoint != null then
      cfg.tracing.endpoint
    else if known "jaeger" then
      "http://${targetPort "jaeger" port}"
    else
      null;

  # Where the page's server reads traces, logs, metrics and alerts, and where people find Grafana.
  traces = toldOr cfg.frontend.tracesUrl "jaeger";
  logs = toldOr cfg.frontend.logsUrl "loki";
  metrics = toldOr cfg.frontend.metricsUrl "prometheus";
  alerts = toldOr cfg.frontend.alertsUrl "alertmanager";
  grafana = toldOr cfg.frontend.grafanaUrl "grafana";

  # Where the anomaly detector reads metrics and silences.
  learnedFrom = toldOr cfg.anomalyDetector.prometheusUrl "prometheus";
  silencedBy = toldOr cfg.anomalyDetector.alertmanagerUrl "alertmanager";

  # An address that was told, else that of a part, where there is one.
  toldOr =
    told: name:
    if told != null then
      told
    else if known name then
      url name
    else
      null;

  # Where Promtail sends what it reads.
  lokiPush =
    if cfg.promtail.lokiUrl != null then cfg.promtail.lokiUrl else "${url "loki"}/loki/api/v1/push";

  # Whether a part runs here or its address elsewhere was told.
  known = name: cfg.${name}.enable || cfg.${name}.address != null || instances name != { };

  isLoopback = address: builtins.match "127\\..*|::1|localhost" address != null;
}
