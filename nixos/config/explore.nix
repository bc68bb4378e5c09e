# The address of a query in Grafana's Explore, without Grafana's own.
#
#   source   of ./sources.nix
#   query    what that source is asked
#   from to  the time, as Grafana's parameters
#   filled   what stands in the place of a word of the query: templates, which others fill in, and
#            which therefore must not be encoded
{
  source,
  query,
  from,
  to,
  filled ? { },
}:
let
  panes.one = {
    datasource = source.uid;
    queries = [
      (
        {
          refId = "A";
          datasource = source;
        }
        // query
      )
    ];
    range = {
      from = "FROM";
      to = "TO";
    };
  };
  words = filled // {
    FROM = from;
    TO = to;
  };
  # Of the signs of this JSON those that a query of a URL may not have (RFC 3986, 3.4), or that end a
  # link in a message: of Slack, of mail.
  encoded =
    builtins.replaceStrings
      [
        " "
        "+"
        "\""
        "{"
        "}"
        "["
        "]"
        "\\"
        "|"
        "="
        "~"
        ":"
        ","
      ]
      [
        "%20"
        "%2B"
        "%22"
        "%7B"
        "%7D"
        "%5B"
        "%5D"
        "%5C"
        "%7C"
        "%3D"
        "%7E"
        "%3A"
        "%2C"
      ]
      (builtins.toJSON panes);
  complete = builtins.replaceStrings (builtins.attrNames words) (builtins.attrValues words) encoded;
in
"/explore?schemaVersion=1&orgId=1&panes=${complete}"
