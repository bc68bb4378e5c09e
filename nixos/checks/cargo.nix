# A command of Cargo on the whole workspace, its tests included, as a derivation.
pkgs:
let
  inherit (pkgs) lib rustPlatform;
  root = ../..;
  isOfCargo = file: file.hasExt "rs" || file.hasExt "toml";
in
name: tools: command:
pkgs.stdenv.mkDerivation {
  name = "hello-observability-${name}";
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/.clippy.toml")
      (root + "/Cargo.toml")
      (root + "/Cargo.lock")
      (root + "/services")
      (lib.fileset.fileFilter isOfCargo (root + "/tests"))
    ];
  };
  cargoDeps = rustPlatform.importCargoLock { lockFile = root + "/Cargo.lock"; };
  # Not buildRustPackage: its Cargo adds a wrapper to the compiler, and so does clippy.
  nativeBuildInputs = [
    pkgs.cargo
    pkgs.rustc
    rustPlatform.cargoSetupHook
  ]
  ++ tools;
  buildPhase = ''
    runHook preBuild
    ${command}
    runHook postBuild
  '';
  installPhase = ''touch "$out"'';
}
