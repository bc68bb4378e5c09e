# Who is told of what, and where secrets stand.
let
  render =
    alertmanager:
    import ../../nixos/config/alertmanager.nix (
      import ../../nixos/debian/given.nix {
        enable = true;
        inherit alertmanager;
      }
    );
  nobody = render { };
  everybody =
    render
      (import ./configurations.nix)."somebody of each kind is told of alerts".alertmanager;
  credentials = "/run/credentials/alertmanager.service";
  receiver =
    name: builtins.head (builtins.filter (one: one.name == name) everybody.settings.receivers);
  routes = name: builtins.filter (one: one.receiver == name) everybody.settings.route.routes;
  case = expected: actual: { inherit expected actual; };
in
{
  "without receivers nobody is told" = case [ "nobody" ] (
    map (one: one.name) nobody.settings.receivers
  );
  "without receivers there is no secret" = case [ ] nobody.loadCredential;
  "every receiver is one of its own" = case [
    "nobody"
    "dead-mans-switch"
    "email-operations"
    "slack-operations"
    "webhooks-operations"
    "webhooks-secret"
  ] (map (one: one.name) everybody.settings.receivers);
  "each secret is a credential, by its file" = case [
    "slack-operations:/run/keys/slack-webhook"
    "webhooks-secret:/run/keys/alert-webhook"
    "smtp-password:/run/keys/smtp-password"
    "dead-mans-switch:/run/keys/dead-mans-switch"
  ] everybody.loadCredential;
  "Slack's address is read from its credential" = case "${credentials}/slack-operations" (
    (builtins.head (receiver "slack-operations").slack_configs).api_url_file
  );
  "a webhook that is no secret stands in the configuration" = case "http://192.0.2.9:8080/alerts" (
    (builtins.head (receiver "webhooks-operations").webhook_configs).url
  );
  "the mail server's password is read from its credential" =
    case "${credentials}/smtp-password" everybody.settings.global.smtp_auth_password_file;
  "who asked for critical alerts alone gets no other" = case [ "severity=~\"critical\"" ] (
    (builtins.head (routes "webhooks-secret")).matchers
  );
  "several receivers are all told" = case [ true ] (
    map (route: route.continue) (routes "email-operations")
  );
  "it listens on its own port alone" = case true (
    builtins.elem "--cluster.listen-address=" nobody.flags
  );
}
