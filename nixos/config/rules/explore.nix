# The address of Grafana's Explore with the log lines of a service, or without one the warnings and
# errors of all of them.
{
  grafana,
  # A template.
  service,
  # `from` and `to`: templates, too.
  period,
}:
let
  inherit ((import ../sources.nix).loki) type uid;
  inherit (import ../fields.nix) labels;

  # What stands between braces in a template must not be encoded: it is put in afterwards.
  places = [
    "SERVICE"
    "FROM"
    "TO"
  ];
  selector =
    if service == null then
      "{${labels.level}=~\"emerg|alert|crit|error|warning\"}"
    else
      "{${labels.service}=\"SERVICE\"}";
  panes.logs = {
    datasource = uid;
    queries = [
      {
        refId = "A";
        datasource = { inherit type uid; };
        expr = selector;
      }
    ];
    range = {
      from = "FROM";
      to = "TO";
    };
  };

  # Of the signs of this JSON those that a query of a URL may not have (RFC 3986, 3.4), or that end
  # a link in a message: of Slack, of mail.
  encoded =
    builtins.replaceStrings
      [
        "{"
        "}"
        "["
        "]"
        "\""
        "\\"
        "="
        "|"
        "~"
        ":"
        ","
      ]
      [
        "%7B"
        "%7D"
        "%5B"
        "%5D"
        "%22"
        "%5C"
        "%3D"
        "%7C"
        "%7E"
        "%3A"
        "%2C"
      ];
  filled = builtins.replaceStrings places [
    (if service == null then "" else service)
    period.from
    period.to
  ];
in
"${grafana}/explore?schemaVersion=1&orgId=1&panes=${filled (encoded (builtins.toJSON panes))}"
