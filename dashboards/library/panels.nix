# The kinds of panels, with the few options in which ours differ.
#
#   title, description   what is shown, and how to read it
#   unit                 as Grafana names it: reqps, s, bytes, percentunit, ...
#   targets              of ./targets.nix
#   width                of the 24 columns
#   links                of ./links.nix: where a click on a value leads
#
# Without a place and an id, which ./layout.nix gives.
let
  letters = [
    "A"
    "B"
    "C"
    "D"
    "E"
    "F"
  ];
  withLetters =
    targets:
    builtins.genList (
      index: (builtins.elemAt targets index) // { refId = builtins.elemAt letters index; }
    ) (builtins.length targets);

  panel =
    type:
    {
      title,
      description,
      unit,
      targets,
      width,
      links ? [ ],
      defaults ? { },
      overrides ? [ ],
      options,
      ...
    }:
    {
      inherit
        type
        title
        description
        options
        ;
      inherit (builtins.head targets) datasource;
      targets = withLetters targets;
      fieldConfig = {
        defaults = {
          inherit unit links;
        }
        // defaults;
        inherit overrides;
      };
      gridPos.w = width;
    };

  property = id: value: if value == null then [ ] else [ { inherit id value; } ];

  # From this value on a colour; the first counts from the lowest value on.
  steps =
    ok: later:
    [
      {
        color = ok;
        value = null;
      }
    ]
    ++ later;
  step = value: color: { inherit value color; };
  thresholds = steps: {
    mode = "absolute";
    inherit steps;
  };
in
rec {
  # Bad from a value on: { warning = 0.01; critical = 0.05; }, or one of the two.
  above =
    {
      warning ? null,
      critical ? null,
    }:
    thresholds (
      steps "green" (
        (if warning == null then [ ] else [ (step warning "orange") ])
        ++ (if critical == null then [ ] else [ (step critical "red") ])
      )
    );

  # Bad below a value.
  below =
    {
      critical,
      warning ? null,
    }:
    thresholds (
      if warning == null then
        steps "red" [ (step critical "green") ]
      else
        steps "red" [
          (step critical "orange")
          (step warning "green")
        ]
    );

  # Neither good nor bad.
  neutral = thresholds (steps "blue" [ ]);

  # Lines over time. `legend`: "bottom", a list that shows five services in two lines, or "right", a
  # table for more. `stacked` for parts of a whole; `lines` are thresholds that are drawn; `none` is
  # what stands there without a series. The axis goes up to `softMax` at least: of what is all 0 it
  # would go up to 100.
  timeseries =
    {
      legend ? "bottom",
      stacked ? false,
      lines ? null,
      none ? null,
      softMax ? if one.unit == "percentunit" then 0.1 else null,
      min ? 0,
      max ? null,
      ...
    }@one:
    panel "timeseries" (
      one
      // {
        defaults = {
          color.mode = "palette-classic";
          custom = {
            drawStyle = "line";
            lineWidth = 2;
            fillOpacity = if stacked then 30 else 8;
            showPoints = "never";
            spanNulls = false;
            stacking = {
              mode = if stacked then "normal" else "none";
              group = "A";
            };
            thresholdsStyle.mode = if lines == null then "off" else "dashed";
          }
          // (if softMax == null || max != null then { } else { axisSoftMax = softMax; });
        }
        // (if min == null then { } else { inherit min; })
        // (if max == null then { } else { inherit max; })
        // (if none == null then { } else { noValue = none; })
        // (if lines == null then { } else { thresholds = lines; });
        options = {
          legend = {
            showLegend = true;
            displayMode = if legend == "right" then "table" else "list";
            placement = legend;
            # In a list, or beside a narrow panel, they would leave no room for the names.
            calcs = if legend == "right" && one.width >= 12 then [ "lastNotNull" ] else [ ];
          };
          tooltip = {
            mode = "multi";
            sort = "desc";
          };
        };
      }
    );

  # One number, coloured by whether it is well. `none` is what stands there without a value, `names`
  # are texts in the place of values; `shows` is "name" for the name of the series in its place. Its
  # width is given by ./numbers.nix.
  stat =
    {
      good ? neutral,
      calculation ? "lastNotNull",
      none ? "-",
      names ? { },
      shows ? "auto",
      decimals ? null,
      ...
    }@one:
    panel "stat" (
      one
      // {
        width = null;
        defaults = {
          color.mode = "thresholds";
          thresholds = good;
          noValue = none;
          mappings =
            if names == { } then
              [ ]
            else
              [
                {
                  type = "value";
                  options = builtins.mapAttrs (_: text: { inherit text; }) names;
                }
              ];
        }
        // (if decimals == null then { } else { inherit decimals; });
        options = {
          reduceOptions = {
            calcs = [ calculation ];
            fields = "";
            values = false;
          };
          colorMode = "background";
          # The number has to be read at a glance, and the course of it stands below.
          graphMode = "none";
          justifyMode = "center";
          orientation = "auto";
          textMode = shows;
          wideLayout = true;
        };
      }
    );

  # How often each duration occurred. Its colours turn round with the theme.
  heatmap =
    one:
    panel "heatmap" (
      one
      // {
        # Of the cells, which are counts.
        unit = "short";
        options = {
          calculate = false;
          cellGap = 1;
          color = {
            mode = "scheme";
            scheme = "Oranges";
            fill = "dark-orange";
            scale = "exponential";
            exponent = 0.5;
            steps = 64;
            reverse = false;
          };
          exemplars.color = "rgba(31, 120, 193, 0.9)";
          filterValues.le = 1.0e-9;
          showValue = "never";
          legend.show = true;
          rowsFrame.layout = "auto";
          tooltip = {
            mode = "single";
            yHistogram = true;
            showColorScale = true;
          };
          yAxis = {
            axisPlacement = "left";
            inherit (one) unit;
            reverse = false;
          };
        };
      }
    );

  # Rows of labels with a value. `columns` are those that are shown, in this order, as
  # { field, title, width, unit, links }; what has no width takes the rest.
  table =
    {
      columns,
      sort ? [ ],
      none ? "-",
      ...
    }@one:
    panel "table" (
      one
      // {
        defaults = {
          noValue = none;
          custom = {
            align = "auto";
            cellOptions.type = "auto";
            filterable = false;
          };
        };
        overrides = map (column: {
          matcher = {
            id = "byName";
            options = column.field;
          };
          properties =
            property "custom.width" (column.width or null)
            ++ property "unit" (column.unit or null)
            ++ property "links" (column.links or null);
        }) columns;
        options = {
          showHeader = true;
          cellHeight = "sm";
          sortBy = sort;
        };
      }
    );

  # The same for an answer of Prometheus: the columns that are named, and no other.
  labelTable =
    { columns, ... }@one:
    table (
      one
      // {
        columns = map (
          column: column // (if column ? title then { field = column.title; } else { })
        ) columns;
      }
    )
    // {
      transformations = [
        {
          id = "filterFieldsByName";
          options.include.names = map (column: column.field) columns;
        }
        {
          id = "organize";
          options = {
            excludeByName = { };
            indexByName = builtins.listToAttrs (
              builtins.genList (index: {
                name = (builtins.elemAt columns index).field;
                value = index;
              }) (builtins.length columns)
            );
            renameByName = builtins.listToAttrs (
              map (column: {
                name = column.field;
                value = column.title;
              }) (builtins.filter (column: column ? title) columns)
            );
          };
        }
      ];
    };

  # Log lines; open one for its fields and its trace.
  logs =
    one:
    panel "logs" (
      {
        unit = "string";
      }
      // one
      // {
        options = {
          showTime = true;
          showLabels = false;
          showCommonLabels = false;
          wrapLogMessage = true;
          prettifyLogMessage = false;
          enableLogDetails = true;
          dedupStrategy = "none";
          sortOrder = "Descending";
        };
      }
    );

  # Traces that were found; the id of each leads to the whole of it.
  traces =
    {
      sort ? [ ],
      ...
    }@one:
    table (
      {
        unit = "string";
      }
      // one
      // {
        columns = [
          {
            field = "traceID";
            width = 310;
          }
          { field = "traceName"; }
          {
            field = "startTime";
            width = 200;
          }
          {
            field = "duration";
            width = 120;
            unit = "µs";
          }
        ];
      }
    );
}
