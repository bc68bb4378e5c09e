# The options of Alertmanager that say who is told: receivers of three kinds by name, the mail server,
# and the dead man's switch.
#   own  what the settings say of Alertmanager
{
  lib,
  url,
  secret,
  duration,
  own,
}:
let
  inherit (lib) mkOption types;
  defaults = import ../config/receivers.nix;

  every = kind: {
    severities = mkOption {
      type = types.listOf (
        types.enum [
          "critical"
          "warning"
        ]
      );
      default = defaults.${kind}.severities;
      description = "Of which alerts this receiver is told: of those on which somebody has to act now (`critical`), of those that have some days (`warning`), or of both.";
    };
    sendResolved = mkOption {
      type = types.bool;
      default = defaults.${kind}.sendResolved;
      description = "Whether it is told when an alert is over.";
    };
  };
  file =
    default: example: what:
    mkOption {
      type = types.nullOr secret;
      inherit default example;
      description = "A file with ${what}. systemd hands it over as a credential; it has to lie outside the store.";
    };
  receivers =
    kind: what: example: options:
    mkOption {
      type = types.attrsOf (types.submodule { options = every kind // options; });
      default = own.${kind};
      inherit example;
      description = "${what} Each has a name of its own, which is yours to choose.";
    };
in
{
  url = mkOption {
    type = types.nullOr url;
    default = own.url;
    example = "https://alerts.example.org";
    description = "Where a person's browser finds Alertmanager: messages link to it. `null` is its own address.";
  };
  repeatInterval = mkOption {
    type = duration;
    default = own.repeatInterval;
    description = "After how long an alert that goes on is told again.";
  };

  webhooks =
    receivers "webhooks"
      "Addresses to which Alertmanager posts its JSON (prometheus.io/docs/alerting/latest/configuration, \"webhook_config\")."
      { operations.urlFile = "/run/keys/alert-webhook"; }
      {
        url = mkOption {
          type = types.nullOr url;
          default = defaults.webhooks.url;
          description = "The address, when it is no secret: it stands in the store.";
        };
        urlFile =
          file defaults.webhooks.urlFile "/run/keys/alert-webhook"
            "the address, when it holds a token";
      };
  slack =
    receivers "slack" "Incoming webhooks of Slack, or of what takes the same, such as Mattermost."
      {
        operations = {
          urlFile = "/run/keys/slack-webhook";
          channel = "#operations";
        };
      }
      {
        urlFile = file defaults.slack.urlFile "/run/keys/slack-webhook" "the address of the webhook";
        channel = mkOption {
          type = types.nullOr types.str;
          default = defaults.slack.channel;
          example = "#operations";
          description = "The channel; `null` is the one of the webhook.";
        };
      };
  email =
    receivers "email"
      "Who gets mail, by the server of {option}`services.hello-observability.alertmanager.smtp`."
      { operations.to = "operations@example.org"; }
      {
        to = mkOption {
          type = types.nullOr types.str;
          default = defaults.email.to;
          example = "operations@example.org";
          description = "One address, or several with commas between them.";
        };
      };
  smtp = {
    smarthost = mkOption {
      type = types.nullOr (types.strMatching "[^ ]+:[0-9]+" // { description = "HOST:PORT"; });
      default = own.smtp.smarthost;
      example = "mail.example.org:587";
      description = "The mail server.";
    };
    from = mkOption {
      type = types.nullOr types.str;
      default = own.smtp.from;
      example = "alerts@example.org";
      description = "The sender's address.";
    };
    username = mkOption {
      type = types.nullOr types.str;
      default = own.smtp.username;
      description = "The user at the mail server; `null`: it asks for none.";
    };
    passwordFile = file own.smtp.passwordFile "/run/keys/smtp-password" "that user's password";
    requireTls = mkOption {
      type = types.bool;
      default = own.smtp.requireTls;
      description = "Whether mail is sent only when the connection is encrypted (STARTTLS).";
    };
  };

  deadMansSwitch = {
    url = mkOption {
      type = types.nullOr url;
      default = own.deadMansSwitch.url;
      example = "https://watch.example.org/ping/shop";
      description = "An address outside of this system to which the alert `Watchdog`, which always fires, is posted again and again: who runs it tells you when that stops.";
    };
    urlFile =
      file own.deadMansSwitch.urlFile "/run/keys/dead-mans-switch"
        "that address, when it holds a token";
    interval = mkOption {
      type = duration;
      default = own.deadMansSwitch.interval;
      description = "How often it is posted.";
    };
  };
}
