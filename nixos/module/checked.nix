# A configuration as a file that the program itself has accepted, at build time. JSON is YAML too.
{ lib, pkgs }:
name: value: check:
pkgs.runCommand name
  {
    value = builtins.toJSON value;
    passAsFile = [ "value" ];
    nativeBuildInputs = [ pkgs.jq ];
  }
  ''
    jq . "$valuePath" >config.yaml
    file=$PWD/config.yaml
    ${check}
    cp config.yaml "$out"
  ''
