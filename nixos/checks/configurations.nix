# Every configuration of every machine of the tests, and of some more, accepted by the program that
# reads it.
#   packages  the packages of the flake; without Jaeger among them its files are left out
{ pkgs, packages }:
let
  inherit (pkgs) lib;

  commands = {
    "prometheus.yml" = "promtool check config";
    "alertmanager.yml" = "amtool check-config";
    "loki.yaml" = "loki -verify-config -config.file";
    "promtail.yaml" = "promtail -check-syntax -config.file";
  }
  // lib.genAttrs (map (name: "${name}.yml") (
    lib.attrNames (import ../config/rules (import ../debian/given.nix { }))
  )) (_: "promtool check rules")
  // lib.optionalAttrs (packages ? jaeger) {
    "jaeger.yaml" = "jaeger validate --config";
  };

  machines = lib.concatMap lib.attrValues (lib.attrValues (import ../../tests/machines/nodes.nix));
  others = lib.attrValues (import ../../tests/nix/configurations.nix);
  files = lib.concatMap (
    values:
    lib.mapAttrsToList (path: lib.nameValuePair (baseNameOf path))
      (import ../debian { inherit values; }).files
  ) (machines ++ others);

  # Equal texts are equal files, and are checked once.
  checks = lib.unique (
    map ({ name, value }: "${commands.${name}} ${pkgs.writeText name value}") (
      lib.filter ({ name, ... }: commands ? ${name}) files
    )
  );
in
pkgs.runCommand "hello-observability-configurations"
  {
    nativeBuildInputs = [
      pkgs.grafana-loki
      pkgs.prometheus.cli
      pkgs.prometheus-alertmanager
      packages.promtail
    ]
    ++ lib.optional (packages ? jaeger) packages.jaeger;
  }
  ''
    set -x
    ${lib.concatLines checks}
    touch "$out"
  ''
