# The configuration of Alertmanager 0.26 and later: who is told of what, what is told together, and
# what is silent as another alert explains it. Secrets are read from files that systemd hands over.
cfg:
let
  own = cfg.alertmanager;
  defaults = import ./receivers.nix;
  credentials = "/run/credentials/${(import ../units/names.nix).alertmanager}.service";

  withoutNulls = import ../without-nulls.nix;
  secret = name: file: if file == null then null else "${credentials}/${name}";

  # Every receiver that was given, of every kind: { kind, name, id, given }.
  given =
    kind:
    map (name: {
      inherit kind name;
      # Also the name of its credential.
      id = "${kind}-${name}";
      given = defaults.${kind} // own.${kind}.${name};
    }) (builtins.attrNames own.${kind});
  receivers = builtins.concatMap given (builtins.attrNames defaults);

  # What Slack shows of each alert; the other kinds have a form of their own that shows all of it.
  slackText = builtins.concatStringsSep "\n" [
    "{{ range .Alerts }}*{{ .Annotations.summary }}* ({{ .Labels.severity }})"
    "{{ .Annotations.description }}"
    "<{{ .Annotations.runbook_url }}|Runbook>{{ with .Annotations.dashboard }} · <{{ . }}|Dashboard>{{ end }}{{ with .Annotations.logs }} · <{{ . }}|Logs>{{ end }}"
    "{{ end }}"
  ];

  forms = {
    webhooks =
      { id, given, ... }:
      {
        webhook_configs = [
          (withoutNulls {
            inherit (given) url;
            url_file = secret id given.urlFile;
            send_resolved = given.sendResolved;
          })
        ];
      };
    slack =
      { id, given, ... }:
      {
        slack_configs = [
          (withoutNulls {
            api_url_file = secret id given.urlFile;
            inherit (given) channel;
            send_resolved = given.sendResolved;
            title = "[{{ .Status | toUpper }}] {{ .CommonAnnotations.summary }}{{ if not .CommonAnnotations.summary }}{{ .GroupLabels.alertname }}{{ end }}";
            text = slackText;
          })
        ];
      };
    email =
      { given, ... }:
      {
        email_configs = [
          {
            inherit (given) to;
            send_resolved = given.sendResolved;
            headers.Subject = "[{{ .Status | toUpper }}] {{ .GroupLabels.alertname }}: {{ .CommonAnnotations.summary }}";
          }
        ];
      };
  };
  receiver = one: { name = one.id; } // forms.${one.kind} one;
  # Of several receivers each is told: one does not end the way to the next.
  route =
    { id, given, ... }:
    {
      receiver = id;
      matchers = [ "severity=~\"${builtins.concatStringsSep "|" given.severities}\"" ];
      continue = true;
    };

  # The alert that always fires goes to nobody but the one that waits for it.
  deadMansSwitch = own.deadMansSwitch.url != null || own.deadMansSwitch.urlFile != null;

  inhibit = source: target: equal: {
    source_matchers = source;
    target_matchers = target;
    inherit equal;
  };
in
{
  settings = {
    global = withoutNulls {
      # An alert that Prometheus no longer sends is over; Prometheus sends them every minute.
      resolve_timeout = "5m";
      smtp_smarthost = own.smtp.smarthost;
      smtp_from = own.smtp.from;
      smtp_auth_username = own.smtp.username;
      smtp_auth_password_file = secret "smtp-password" own.smtp.passwordFile;
      smtp_require_tls = own.smtp.requireTls;
    };

    route = {
      receiver = "nobody";
      # One message for five services that are down, not five.
      group_by = [ "alertname" ];
      # What fails together is noticed within one evaluation; the next message of the same kind comes
      # when somebody can have read the first.
      group_wait = "5s";
      group_interval = "30s";
      repeat_interval = own.repeatInterval;
      routes = [
        {
          receiver = if deadMansSwitch then "dead-mans-switch" else "nobody";
          matchers = [ "alertname=\"Watchdog\"" ];
          group_interval = own.deadMansSwitch.interval;
          repeat_interval = own.deadMansSwitch.interval;
        }
      ]
      ++ map route receivers;
    };

    inhibit_rules = [
      # A dead host explains all that is on it.
      (inhibit [ "alertname=\"HostDown\"" ] [ "alertname!=\"HostDown\"" "host=~\".+\"" ] [ "host" ])
      # A dead service explains what customers feel: the shop is one.
      (inhibit [ "alertname=\"ServiceDown\"" ] [ "layer=\"symptom\"" ] [ ])
      # And what is said of it besides.
      (inhibit [
        "alertname=\"ServiceDown\""
      ] [ "alertname!=\"ServiceDown\"" "severity=\"warning\"" "service=~\".+\"" ] [ "service" ])
      # Who does not stay up was restarted, too.
      (inhibit [ "alertname=\"UnitFlapping\"" ] [ "alertname=\"UnitRestarted\"" ] [ "service" ])
      # Without Promtail or Loki no line arrives.
      (inhibit [
        "alertname=\"TargetMissing\""
        "job=~\"promtail|loki\""
      ] [ "alertname=~\"LogsMissing|LogsNotStored\"" ] [ ])
      # A budget that burns fast burns slowly, too.
      (inhibit [
        "severity=\"critical\""
        "objective=~\".+\""
      ] [ "severity=\"warning\"" "objective=~\".+\"" ] [ "objective" ])
    ];

    receivers = [
      { name = "nobody"; }
    ]
    ++ (
      if deadMansSwitch then
        [
          {
            name = "dead-mans-switch";
            webhook_configs = [
              (withoutNulls {
                inherit (own.deadMansSwitch) url;
                url_file = secret "dead-mans-switch" own.deadMansSwitch.urlFile;
                send_resolved = false;
              })
            ];
          }
        ]
      else
        [ ]
    )
    ++ map receiver receivers;
  };

  # One host: without a cluster it listens on its own port alone.
  flags = [ "--cluster.listen-address=" ];

  # The secrets, as LoadCredential= has them: `NAME:FILE`.
  loadCredential =
    map ({ id, given, ... }: "${id}:${given.urlFile}") (
      builtins.filter ({ given, ... }: given.urlFile or null != null) receivers
    )
    ++ (if own.smtp.passwordFile == null then [ ] else [ "smtp-password:${own.smtp.passwordFile}" ])
    ++ (
      if own.deadMansSwitch.urlFile == null then
        [ ]
      else
        [ "dead-mans-switch:${own.deadMansSwitch.urlFile}" ]
    );
}
