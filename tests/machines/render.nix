# The machines of a test, or of the demonstration, rendered for Debian.
# Answers { <machine> = { units, wants, files }; }.
{ test, programs }:
builtins.mapAttrs (_: values: import ../../nixos/debian { inherit values programs; })
  (import ./nodes.nix // import ./demo.nix).${test}
