# The address of log lines in Grafana's Explore, without Grafana's own.
#
#   service   whose lines, a template; null: what fails anywhere
#   period    of ./period.nix
{ service, period }:
let
  sources = import ../sources.nix;
  inherit (import ../fields.nix) labels;
  # Templates come last: they are filled in after this, and must not be encoded.
  panes.logs = {
    datasource = sources.loki.uid;
    queries = [
      {
        refId = "A";
        datasource = sources.loki;
        queryType = "range";
        expr =
          if service == null then
            "{${labels.level}=~\"emerg|alert|crit|error|warning\"}"
          else
            "{${labels.service}=\"SERVICE\"}";
      }
    ];
    range = {
      from = "FROM";
      to = "TO";
    };
  };
  # What may not stand in a query (RFC 3986, 3.4), as far as it occurs here.
  encoded =
    builtins.replaceStrings
      [
        "\""
        "{"
        "}"
        "["
        "]"
        "\\"
        "|"
      ]
      [
        "%22"
        "%7B"
        "%7D"
        "%5B"
        "%5D"
        "%5C"
        "%7C"
      ];
  filled =
    builtins.replaceStrings
      [ "SERVICE" "FROM" "TO" ]
      [ (toString service) period.from period.to ];
in
"/explore?schemaVersion=1&orgId=1&panes=${filled (encoded (builtins.toJSON panes))}"
