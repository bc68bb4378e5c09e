# What a panel asks for: one function for each kind of question. A panel gives each its letter.
let
  sources = import ../../nixos/config/sources.nix;
  prometheus =
    expr: rest:
    {
      datasource = sources.prometheus;
      editorMode = "code";
      inherit expr;
      range = true;
      instant = false;
      exemplar = false;
    }
    // rest;
in
{
  # Lines over time; `legend` is a text with labels in double braces.
  series = expr: legend: prometheus expr { legendFormat = legend; };

  # The same, with a dot for each trace that was kept with the buckets of a histogram.
  exemplars =
    expr: legend:
    prometheus expr {
      legendFormat = legend;
      exemplar = true;
    };

  # The buckets of a histogram, by `le`.
  buckets =
    expr:
    prometheus expr {
      legendFormat = "{{le}}";
      format = "heatmap";
      exemplar = true;
    };

  # The values of now, as rows.
  rows =
    expr:
    prometheus expr {
      format = "table";
      range = false;
      instant = true;
    };

  # Log lines, at most `maxLines`.
  lines = maxLines: expr: {
    datasource = sources.loki;
    editorMode = "code";
    queryType = "range";
    inherit expr maxLines;
  };

  # Log lines that are counted over time.
  counts = expr: legend: {
    datasource = sources.loki;
    editorMode = "code";
    queryType = "range";
    inherit expr;
    legendFormat = legend;
  };

  # The newest traces with a span of a service, and of an operation where one is given.
  traces =
    {
      service,
      operation ? "",
      limit,
    }:
    {
      datasource = sources.jaeger;
      queryType = "search";
      inherit service limit;
    }
    // (if operation == "" then { } else { inherit operation; });
}
