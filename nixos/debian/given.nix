# The plain values of one machine: what is told of it, in the settings' shape, over the settings.
values:
let
  groups = builtins.intersectAttrs {
    enable = null;
    shop = null;
    observability = null;
    agents = null;
  } values;
  settings = import ../settings.nix (
    builtins.mapAttrs (_: group: if builtins.isAttrs group then group.enable else group) groups
  );

  merge = import ../merge.nix;
in
merge (merge settings (import ./paths.nix)) values
