# Whoever moves the project changes its address in Cargo.toml, and is told what else names it.
let
  repository = import ../../nixos/repository.nix;
  flake = builtins.replaceStrings [ "https://github.com/" ] [ "github:" ] repository;
  # Each address of the project in a text.
  named =
    file:
    map builtins.head (
      builtins.filter builtins.isList (
        builtins.split "(github:[A-Za-z0-9_-]+/hello-observability|https://github.com/[A-Za-z0-9_-]+/hello-observability)" (
          builtins.readFile file
        )
      )
    );
  files = {
    "README.ko.md" = ../../README.ko.md;
    "README.md" = ../../README.md;
    "nixos/OPTIONS.md" = ../../nixos/OPTIONS.md;
    "nixos/template/flake.nix" = ../../nixos/template/flake.nix;
  };
  others =
    file:
    builtins.filter (
      address:
      !builtins.elem address [
        flake
        repository
      ]
    ) (named file);
in
{
  "no file names another address of the project than Cargo.toml" = {
    expected = builtins.mapAttrs (_: _: [ ]) files;
    actual = builtins.mapAttrs (_: others) files;
  };
  "the files that name the project are read" = {
    expected = builtins.mapAttrs (_: _: true) files;
    actual = builtins.mapAttrs (_: file: named file != [ ]) files;
  };
}
