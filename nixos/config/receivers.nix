# Who can be told of alerts: what one receiver of each kind is given, and what that defaults to. The
# names of receivers are the operator's; `*File` is a file with a secret, read by systemd.
let
  every = {
    severities = [
      "critical"
      "warning"
    ];
    sendResolved = true;
  };
in
{
  # POSTs Alertmanager's JSON.
  webhooks = every // {
    url = null;
    urlFile = null;
  };
  # An incoming webhook of Slack, or of what takes the same.
  slack = every // {
    urlFile = null;
    channel = null;
  };
  # One address, or several with commas between them, by `smtp`.
  email = every // {
    to = null;
  };
}
