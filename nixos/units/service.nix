# The unit and the socket of one service of the shop, in NixOS' words for units.
#
# systemd holds the listening socket, so a restart refuses no connection: clients wait in the
# backlog. A service needs no other unit to start; what is away is an answer of 503 until it is back.
cfg:
let
  addresses = import ../addresses.nix cfg;
  hardening = import ./hardening.nix;
  accounting = import ./accounting.nix;
  reach = import ./reach.nix cfg;
  files = import ../files.nix;
  identity = import ../identity.nix cfg;

  withoutNulls = import ../without-nulls.nix;

  # systemd expands % in the values of variables (systemd.unit(5), "Specifiers").
  verbatim =
    attrs:
    builtins.mapAttrs (_: value: builtins.replaceStrings [ "%" ] [ "%%" ] value) (withoutNulls attrs);
in
# part: its name among the settings; peers: the addresses that it asks, by variable; environment:
# what else it is told; credentials: what it is handed over, by systemd's words; stateful: whether it
# keeps a store; service, socket: what starts and stops each, by default the target of the shop.
{
  part,
  description,
  peers ? { },
  environment ? { },
  credentials ? [ ],
  stateful ? false,
  service ? (import ./target.nix).member,
  socket ? (import ./target.nix).member,
}:
let
  own = cfg.${part};
  name = (import ./names.nix).${part};
  handed =
    credentials
    ++ (if cfg.tracing.headersFile == null then [ ] else [ "otlp-headers:${cfg.tracing.headersFile}" ]);
  faults = if cfg.faults.enable then { FAULTS_FILE = "${files.faults}/${name}.json"; } else { };
  probes = if identity.isAsked part then { PROBES_PORT = toString own.probesPort; } else { };
  identified =
    if !identity.has part then
      {
        environment = { };
        after = [ ];
        wants = [ ];
        serviceConfig = { };
      }
    else if identity.source == "files" then
      {
        environment = {
          IDENTITY = "files";
          IDENTITY_DIRECTORY = identity.mounted;
          TRUST_DOMAIN = cfg.identity.trustDomain;
        };
        # Wanted is enough, as without an identity it does not start, and tries again. Were it required,
        # whatever stops or restarts the authority, such as an upgrade, would do so to each service.
        after = [ "${identity.unit}.service" ];
        wants = [ "${identity.unit}.service" ];
        serviceConfig.BindReadOnlyPaths = [ "${identity.folder name}:${identity.mounted}" ];
      }
    else
      {
        environment = {
          IDENTITY = "spiffe";
          SPIFFE_ENDPOINT_SOCKET = "unix://${cfg.identity.socket}";
          TRUST_DOMAIN = cfg.identity.trustDomain;
        };
        # It needs no order: it waits for the agent by itself, and takes a new one while it runs.
        after = [ ];
        wants = [ ];
        serviceConfig = { };
      };
  state =
    if stateful then
      {
        StateDirectory = name;
        StateDirectoryMode = "0700";
      }
    else
      { };
in
{
  sockets.${name} = socket // {
    description = "${description}, socket";
    # Whoever moves or restarts it six times in ten seconds is still to have it.
    unitConfig.StartLimitIntervalSec = 0;
    socketConfig = {
      Slice = (import ./slice.nix).name;
      # Probes are the second, as the service takes them.
      ListenStream =
        if identity.isAsked part then
          [
            (addresses.listenOn part)
            (addresses.probesOn part)
          ]
        else
          addresses.listenOn part;
      # Connections that wait while the service restarts; the kernel cuts it to net.core.somaxconn.
      Backlog = 4096;
      # An address may come up later than the socket.
      FreeBind = true;
      # What the kernel holds for a connection that the service does not read counts to its memory.
      # This is inherited by each connection; the kernel takes it twice, and a forwarded body as much
      # again on its way out.
      ReceiveBuffer = "${toString ((import ../limits.nix).socket_bytes / 4 / 1024)}K";
      NoDelay = true;
    };
  };

  services.${name} = service // {
    inherit description;
    # A real need of the socket, an order with the network: what drains at the end still needs it.
    requires = [ "${name}.socket" ];
    inherit (identified) wants;
    after = [
      "${name}.socket"
      "network.target"
    ]
    ++ identified.after;
    # An upgrade restarts the service and leaves its socket open.
    stopIfChanged = false;
    environment = verbatim (
      {
        HOST = addresses.listen part;
        PORT = toString own.port;
        LOG_FILTER_FILE = files.logFilter;
        SHED_AFTER_MS = toString cfg.shedAfterMs;
        OTEL_EXPORTER_OTLP_ENDPOINT = addresses.otlp;
        OTEL_EXPORTER_OTLP_PROTOCOL = cfg.tracing.protocol;
        OTEL_TRACES_SAMPLER = cfg.tracing.sampler;
        OTEL_TRACES_SAMPLER_ARG = toString cfg.tracing.ratio;
        # A span can be read in Jaeger within two seconds of its end.
        OTEL_BSP_SCHEDULE_DELAY = "500";
      }
      // peers
      // faults
      // probes
      // identified.environment
      // environment
    );
    # Restart= never gives up: RestartSteps= below slows it down instead.
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig =
      hardening
      // accounting own
      // reach part ([ addresses.otlp ] ++ builtins.attrValues peers)
      // (if handed == [ ] then { } else { LoadCredential = handed; })
      // identified.serviceConfig
      // state
      // {
        ExecStart = "${cfg.package}/bin/${name}";
        # READY=1 comes when the socket is taken and the store is open, and after SIGHUP when the log
        # filter has been read again.
        Type = "notify-reload";
        NotifyAccess = "main";
        # A healthy service answers itself within milliseconds, twice in this time; ten seconds
        # forgive a host that swaps.
        WatchdogSec = 10;
        Restart = "always";
        RestartSec = "100ms";
        RestartSteps = 6;
        # Not RestartPreventExitStatus=, even for wrong settings: the socket would start the service
        # anew for each connection that waits, several times a second and without end.
        RestartMaxDelaySec = "10s";
        # The drain: half a second of lingering, ten for requests under way, three for the last
        # spans, and a little.
        TimeoutStopSec = 20;
        # All connections of services/server/limits.json, as many to peers, the store, and room for more.
        LimitNOFILE = 16384;
        # One access line a request, and every error: none may be lost for being many. The
        # service's own queue of events is bounded, and so is the journal.
        LogRateLimitIntervalSec = 0;
        SyslogIdentifier = name;
        SocketBindDeny = "any";
      };
  };
}
