# The page of options says what the module has.
{
  "nixos/OPTIONS.md is what nixos/options-page.nix makes" =
    let
      page = import ../../nixos/options-page.nix;
      there = builtins.readFile ../../nixos/OPTIONS.md;
      stale = "something else: make it anew, its first lines say how";
    in
    {
      expected = "the same";
      actual = if page == there then "the same" else stale;
    };
}
