# Places the panels of the rows, from left to right and from top to bottom, and gives each its id.
#
# A row is { height, panels }, or { section }, the heading of those below it.
rows:
let
  heading = title: {
    type = "row";
    inherit title;
    collapsed = false;
    panels = [ ];
    gridPos.w = 24;
  };
  normal =
    row:
    if row ? section then
      {
        height = 1;
        panels = [ (heading row.section) ];
      }
    else
      row;

  place =
    done: row:
    let
      put =
        { placed, x }:
        panel: {
          placed = placed ++ [
            (
              panel
              // {
                id = builtins.length placed + 1;
                gridPos = {
                  inherit x;
                  inherit (done) y;
                  h = row.height;
                  inherit (panel.gridPos) w;
                };
              }
            )
          ];
          x = x + panel.gridPos.w;
        };
    in
    {
      inherit
        (builtins.foldl' put {
          inherit (done) placed;
          x = 0;
        } row.panels)
        placed
        ;
      y = done.y + row.height;
    };
in
(builtins.foldl' place {
  placed = [ ];
  y = 0;
} (map normal rows)).placed
