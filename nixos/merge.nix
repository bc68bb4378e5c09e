# One value over another: sets name by name, all else as the second has it.
let
  merge =
    left: right:
    left
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs left.${name} or null then
        merge left.${name} value
      else
        value
    ) right;
in
merge
