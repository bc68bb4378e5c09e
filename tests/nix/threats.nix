# The threat model names tests that exist: each link of nixos/THREATS.md into tests/ or services/ has the
# name of a test, or of a subtest, of the file that it leads to.
let
  page = builtins.readFile ../../nixos/THREATS.md;
  links = builtins.filter builtins.isList (
    builtins.split "\\[([^]]+)]\\([.][.]/((tests|services)/[^)]+)\\)" page
  );
  text = link: builtins.elemAt link 0;
  path = link: ../.. + "/${builtins.elemAt link 1}";
  quoted = link: "subtest(\"${text link}\")";
  named = link: "fn ${text link}(";
  has =
    needle: file:
    let
      content = builtins.readFile file;
    in
    builtins.replaceStrings [ needle ] [ "" ] content != content;
  isThere =
    link:
    builtins.pathExists (path link) && (has (named link) (path link) || has (quoted link) (path link));
in
{
  "each test that the threat model names is there" = {
    expected = [ ];
    actual = map text (builtins.filter (link: !isThere link) links);
  };
  "the threat model names tests" = {
    expected = true;
    actual = builtins.length links > 30;
  };
}
