# An attribute set without what is null.
attrs:
builtins.removeAttrs attrs (
  builtins.filter (name: attrs.${name} == null) (builtins.attrNames attrs)
)
