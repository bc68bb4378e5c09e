# What `nix flake check` holds: style, lints, tests, the options page, the rendered configurations,
# the template, and the machines.
{
  self,
  nixpkgs,
  pkgs,
}:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) system;
  packages = self.packages.${system};
  module = self.nixosModules.default;
  cargo = import ./cargo.nix pkgs;

  check =
    name: tools: command:
    pkgs.runCommand "hello-observability-${name}" { nativeBuildInputs = tools; } ''
      ${command}
      touch "$out"
    '';

  # Of Nix itself: what tests/nix/run counts, without its list of files that parse.
  inherit (import ../../tests/nix) failed;

  template = (import ../template/flake.nix).outputs {
    inherit nixpkgs;
    hello-observability = self;
  };

  # Where Jaeger is, which the machines run.
  whole = {
    template = template.nixosConfigurations.shop.config.system.build.toplevel;
    inherit
      (import ../demo/programs.nix {
        inherit pkgs module;
        inherit (nixpkgs.lib) nixosSystem;
      })
      vm-headless
      ;
  }
  // prefixed "machines" (import ../../tests/machines { inherit pkgs module; });

  prefixed = prefix: lib.mapAttrs' (name: lib.nameValuePair "${prefix}-${name}");
in
{
  formatting =
    check "formatting"
      [
        pkgs.cargo
        pkgs.nixfmt
        pkgs.rustfmt
      ]
      ''
        export CARGO_HOME=$TMPDIR
        cd ${self}
        find . -name '*.nix' -exec nixfmt --check {} +
        cargo fmt --all --check
      '';

  lints = cargo "lints" [
    pkgs.clippy
  ] "cargo clippy --workspace --all-targets --offline -- --deny warnings";

  # The black-box tests want a journal and a service manager: .ci/run has them.
  unit-tests =
    cargo "unit-tests" [ ]
      "cargo test --workspace --exclude shop-tests --lib --bins --offline";

  # The page's own lints and tests, with the packages that it is built with.
  page = packages.page.overrideAttrs {
    src = ../../frontend;
    buildPhase = ''
      runHook preBuild
      npm run lint
      npm test
      runHook postBuild
    '';
    installPhase = ''touch "$out"'';
  };

  options-page = check "options-page" [ ] ''
    diff --unified ${../OPTIONS.md} ${pkgs.writeText "OPTIONS.md" (import ../options-page.nix)}
  '';

  expressions = check "expressions" [ ] ''
    printf '%s\n' ${lib.escapeShellArgs failed}
    ${lib.boolToString (failed == [ ])}
  '';

  rules =
    check "rules"
      [
        pkgs.jq
        pkgs.prometheus.cli
        pkgs.python3
      ]
      ''
        bash ${self}/tests/rules/run ${pkgs.writeText "rendered.json" (builtins.toJSON (import ../../tests/rules/render.nix))}
      '';

  configurations = import ./configurations.nix { inherit pkgs packages; };
}
// prefixed "package" packages
// prefixed "dev-shell" self.devShells.${system}
// lib.optionalAttrs (packages ? jaeger) whole
