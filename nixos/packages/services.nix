# The services, the load generator, the launcher, and the operator's switch for faults.
{ lib, rustPlatform }:
let
  root = ../..;
  manifest = lib.importTOML (root + "/Cargo.toml");
in
rustPlatform.buildRustPackage {
  pname = "hello-observability";
  inherit (manifest.workspace.package) version;

  # What Cargo reads to build them: of the tests, which are a member of the workspace, the manifest.
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/Cargo.toml")
      (root + "/Cargo.lock")
      (root + "/services")
      (root + "/tests/Cargo.toml")
    ];
  };
  cargoLock.lockFile = root + "/Cargo.lock";

  cargoBuildFlags = [
    "--workspace"
    "--exclude=shop-tests"
  ];
  # The tests are a check of their own, of a build without link-time optimisation.
  doCheck = false;

  meta = {
    description = "Shop of small services in which every request can be followed";
    license = lib.licenses.mit;
    mainProgram = "load-generator";
    platforms = lib.platforms.linux;
  };
}
