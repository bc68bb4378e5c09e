# The first rows of a dashboard: numbers that say whether all is well, in two rows, so that their titles
# can be read on a laptop's screen.
panels:
let
  inRow = (builtins.length panels + 1) / 2;
  row = from: {
    height = 3;
    panels = builtins.genList (
      index: builtins.elemAt panels (from + index) // { gridPos.w = 24 / inRow; }
    ) inRow;
  };
in
[
  (row 0)
  (row inRow)
]
