# A unit in NixOS' words, as the text that systemd reads.
unit:
let
  shown =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  # A list is a line for each of its members.
  lines =
    section:
    builtins.concatStringsSep "\n" (
      builtins.concatMap (
        name:
        let
          value = section.${name};
          values = if builtins.isList value then value else [ value ];
        in
        map (one: "${name}=${shown one}") values
      ) (builtins.attrNames section)
    );
  section = title: content: if content == { } then "" else "[${title}]\n${lines content}\n";
  joined = values: builtins.concatStringsSep " " values;
  words =
    names:
    builtins.listToAttrs (
      builtins.concatMap (
        { name, key }:
        if unit ? ${name} && unit.${name} != [ ] then
          [
            {
              name = key;
              value = if builtins.isList unit.${name} then joined unit.${name} else unit.${name};
            }
          ]
        else
          [ ]
      ) names
    );
  environment =
    let
      variables = unit.environment or { };
      quoted = value: builtins.replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ] (toString value);
      assignments = map (name: "\"${name}=${quoted variables.${name}}\"") (builtins.attrNames variables);
    in
    if assignments == [ ] then { } else { Environment = assignments; };
in
section "Unit" (
  words [
    {
      name = "description";
      key = "Description";
    }
    {
      name = "documentation";
      key = "Documentation";
    }
    {
      name = "requires";
      key = "Requires";
    }
    {
      name = "wants";
      key = "Wants";
    }
    {
      name = "before";
      key = "Before";
    }
    {
      name = "after";
      key = "After";
    }
    {
      name = "partOf";
      key = "PartOf";
    }
  ]
  // unit.unitConfig or { }
)
+ section "Service" (environment // unit.serviceConfig or { })
+ section "Socket" (unit.socketConfig or { })
+ section "Timer" (unit.timerConfig or { })
