# The machines of a test, rendered for Debian. Answers { <machine> = { units, wants, files }; }.
{ test, programs }:
builtins.mapAttrs (
  _: values: import ../../nixos/debian { inherit values programs; }
) (import ./nodes.nix).${test}
