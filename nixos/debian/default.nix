# One machine without NixOS: the same units and configurations, as the text of files.
#
#   values     what differs from the settings, in their shape
#   programs   which of loki, promtail, jaeger, grafana, dex and SPIRE's two the machine has; for a Jaeger that is
#              missing a receiver takes the spans, the rest is left out
#
# Answers { units, wants, files }: texts by unit, units by the target that wants them, texts by path.
{
  values ? { },
  programs ? [
    "dex"
    "grafana"
    "jaeger"
    "loki"
    "promtail"
    "spire-agent"
    "spire-server"
  ],
}:
let
  has = program: builtins.elem program programs;
  hasSpire = has "spire-agent" && has "spire-server";
  given = import ./given.nix values;

  # What the machine lacks it does not run, and nobody asks it.
  without =
    name:
    if has name then
      given.${name}
    else
      given.${name}
      // {
        enable = false;
        address = null;
      };
  # The receiver answers for traces on the port that takes their spans.
  receiver = given.jaeger.enable && !has "jaeger";
  receiverHost = if given.jaeger.enable then "127.0.0.1" else given.jaeger.address;
  receiverUrl =
    if has "jaeger" || receiverHost == null then
      null
    else
      "http://${receiverHost}:${toString given.jaeger.otlpHttpPort}";
  unlessGiven = given: if given != null then given else receiverUrl;

  cfg = given // {
    jaeger = without "jaeger";
    loki = without "loki";
    # Without its provider nobody can sign in.
    dex = without "dex";
    signIn = given.signIn // {
      enable = given.signIn.enable && (given.signIn.issuer != null || has "dex");
    };
    # Without SPIRE nobody has an identity by it.
    spireServer = given.spireServer // {
      enable = given.spireServer.enable && hasSpire;
    };
    spireAgent = given.spireAgent // {
      enable = given.spireAgent.enable && hasSpire;
    };
    identity = given.identity // {
      source = if given.identity.source == "spiffe" && !hasSpire then "none" else given.identity.source;
    };
    promtail = (without "promtail") // {
      enable = given.promtail.enable && has "promtail" && has "loki";
    };
    grafana = without "grafana";
    tracing = given.tracing // {
      endpoint = unlessGiven given.tracing.endpoint;
    };
    frontend = given.frontend // {
      tracesUrl = unlessGiven given.frontend.tracesUrl;
      # No link to a page that is not there.
      jaegerUrl = if has "jaeger" then given.frontend.jaegerUrl else null;
      grafanaUrl = if has "grafana" then given.frontend.grafanaUrl else null;
    };
  };

  ours = import ../units cfg;
  theirs = import ./units.nix cfg;
  services =
    ours.services
    // theirs
    // import ./spire.nix cfg
    // (if receiver then import ./trace-receiver.nix cfg else { });
  text = import ./unit-text.nix;

  wantedBy =
    units: suffix:
    builtins.concatMap (
      name:
      map (target: {
        inherit target;
        unit = "${name}.${suffix}";
      }) (units.${name}.wantedBy or [ ])
    ) (builtins.attrNames units);
  wishes =
    wantedBy services "service"
    ++ wantedBy ours.sockets "socket"
    ++ wantedBy ours.targets "target"
    ++ wantedBy ours.timers "timer";
  named =
    suffix: units:
    builtins.listToAttrs (
      map (name: {
        name = "${name}.${suffix}";
        value = text units.${name};
      }) (builtins.attrNames units)
    );
in
{
  units =
    named "service" services
    // named "socket" ours.sockets
    // named "target" ours.targets
    // named "slice" ours.slices
    // named "timer" ours.timers;
  wants = builtins.mapAttrs (_: map (wish: wish.unit)) (builtins.groupBy (wish: wish.target) wishes);
  files = (import ./files.nix cfg).texts;
}
