# The files that the units of a machine without NixOS read: their paths and their texts. JSON is
# YAML too (YAML 1.2), and all four programs take it.
cfg:
let
  ours = import ../files.nix;
  paths = ours // {
    prometheus = "${ours.folder}/prometheus.yml";
    loki = "${ours.folder}/loki.yaml";
  };
  contents = {
    prometheus = (import ../config/prometheus.nix cfg).settings;
    loki = import ../config/loki.nix cfg;
    promtail = import ../config/promtail.nix cfg;
    jaeger = import ../config/jaeger.nix cfg;
  };
  enabled = builtins.filter (name: cfg.${name}.enable) (builtins.attrNames contents);
in
{
  inherit paths;
  texts = {
    ${paths.logFilter} = "${cfg.logFilter}\n";
  }
  // builtins.listToAttrs (
    map (name: {
      name = paths.${name};
      value = builtins.toJSON contents.${name};
    }) enabled
  );
}
