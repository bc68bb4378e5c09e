# All packages of the flake. Jaeger is there where its makers release it.
#   pkgs      a package set of nixos-26.05
#   promtail  the package of nixos-25.11, the last release that has it
#   tests     the tests of the whole system, which the services name as theirs
{
  pkgs,
  promtail,
  tests ? { },
}:
let
  inherit (pkgs) lib;
  jaeger = pkgs.callPackage ./jaeger.nix { };
  services = pkgs.callPackage ./services.nix { inherit tests; };
in
{
  inherit promtail services;
  default = services;
  page = pkgs.callPackage ./page.nix { };
}
// lib.optionalAttrs (lib.meta.availableOn pkgs.stdenv.hostPlatform jaeger) { inherit jaeger; }
