# What we say in namespaces that a host defines things in too: defaults, leaf by leaf, so that a plain
# definition of the host goes before ours, without mkForce.
lib:
let
  inherit (lib)
    elem
    isList
    mapAttrs
    mapAttrsRecursive
    mkDefault
    ;

  sections = [
    "environment"
    "serviceConfig"
    "sliceConfig"
    "socketConfig"
    "timerConfig"
    "unitConfig"
  ];
  # Two units of one name are an error, not one that is silently gone; and a host that hands a unit a
  # credential of its own adds it to ours.
  plain = [
    "ExecStart"
    "ListenStream"
    "LoadCredential"
  ];
in
{
  # Of a program's settings. Lists are leaves.
  settings = mapAttrsRecursive (_: mkDefault);

  # Of a unit in NixOS' words. Lists beside the sections name other units, and are added to.
  unit = mapAttrs (
    name: value:
    if elem name sections then
      mapAttrs (key: leaf: if elem key plain then leaf else mkDefault leaf) value
    else if isList value then
      value
    else
      mkDefault value
  );
}
