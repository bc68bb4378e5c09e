# Settings by section, as the text of an INI file. Grafana takes names with dots as they are.
sections:
let
  shown = value: if builtins.isBool value then if value then "true" else "false" else toString value;
  lines = section: map (name: "${name} = ${shown section.${name}}\n") (builtins.attrNames section);
in
builtins.concatStringsSep "\n" (
  map (name: "[${name}]\n${builtins.concatStringsSep "" (lines sections.${name})}") (
    builtins.attrNames sections
  )
)
