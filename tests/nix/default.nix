# What holds of the Nix expressions, by builtins alone. Each file answers
# { <what holds> = { expected, actual }; }; this one answers { passed, failed }, lists of texts.
let
  files = [
    ./assertions.nix
    ./firewall.nix
    ./addresses.nix
    ./unit-text.nix
    ./sockets.nix
    ./identity.nix
    ./spire.nix
    ./target.nix
    ./machines.nix
    ./freeform.nix
    ./guest.nix
    ./options-page.nix
    ./limits.nix
    ./runbooks.nix
    ./provoked.nix
    ./scenarios.nix
    ./dashboards.nix
    ./alertmanager.nix
    ./threats.nix
    ./repository.nix
  ];
  cases = builtins.foldl' (all: file: all // import file) { } files;
  holds = name: cases.${name}.expected == cases.${name}.actual;
  explained =
    name:
    "${name}: expected ${builtins.toJSON cases.${name}.expected}, but it is ${
      builtins.toJSON cases.${name}.actual
    }";
  inherit (builtins.partition holds (builtins.attrNames cases)) right wrong;
in
{
  passed = right;
  failed = map explained wrong;
}
