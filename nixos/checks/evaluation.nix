# The module on whole hosts: every configuration and every machine of the tests evaluates to a system,
# with no failed assertion and no warning; and what a host defines beside ours goes before it.
#   evaluate  a module -> the configuration of a host that has it and ours
#   module    ours
# Answers a text for each that does not hold. Nothing is built.
{ evaluate, module }:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    head
    isString
    length
    replaceStrings
    split
    toJSON
    ;

  configurations = import ../../tests/nix/configurations.nix;
  nodes = import ../../tests/machines/nodes.nix;
  hosts = import ../../tests/nix/hosts.nix;

  machines = concatMap (
    test:
    map (machine: {
      name = "${test}: ${machine}";
      values = nodes.${test}.${machine};
    }) (attrNames nodes.${test})
  ) (attrNames nodes);
  all =
    map (name: {
      inherit name;
      values = configurations.${name};
    }) (attrNames configurations)
    ++ machines;

  broken = config: map (one: one.message) (filter (one: !one.assertion) config.assertions);
  # The name of the derivation is all of the system that is asked for.
  isSystem = config: isString config.system.build.toplevel.drvPath;
  complaints =
    config:
    let
      found = broken config ++ config.warnings;
    in
    if found != [ ] then
      found
    else if isSystem config then
      [ ]
    else
      [ "it is no system" ];
  named = name: map (complaint: "${name}: ${complaint}");

  configuration =
    { name, values }:
    named name (
      complaints (evaluate {
        services.hello-observability = values;
      })
    );

  literal = replaceStrings [ "." ] [ "[.]" ];
  contains = part: text: length (split (literal part) text) > 1;
  host =
    name:
    let
      given = hosts.${name};
      config = evaluate given.module;
      refusals = broken config;
      actual = given.actual config;
    in
    named name (
      if given ? untyped then
        if (builtins.tryEval (given.untyped config)).success then [ "its type accepts it" ] else [ ]
      else if given ? refused then
        if length refusals == 1 && contains given.refused (head refusals) then
          [ ]
        else
          [ "instead of one refusal: [ ${concatStringsSep "; " refusals} ]" ]
      else if actual != given.expected then
        [ "expected ${toJSON given.expected}, but it is ${toJSON actual}" ]
      else
        complaints config
    );
in
concatMap configuration all
++ concatMap host (attrNames hosts)
++ named "a host that has the module from two of its own" (
  complaints (evaluate {
    imports = [
      { imports = [ module ]; }
      { imports = [ module ]; }
    ];
    services.hello-observability.enable = true;
  })
)
