# The services, the load generator, and the operator's switch for faults.
#   tests  what holds of them on whole machines, for passthru
{
  lib,
  rustPlatform,
  versionCheckHook,
  tests ? { },
}:
let
  root = ../..;
  repository = import ../repository.nix;
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
    # It starts the shop from a checkout, where Cargo builds it.
    "--exclude=launcher"
  ];
  # The tests are a check of their own, of a build without link-time optimisation.
  doCheck = false;

  nativeInstallCheckInputs = [ versionCheckHook ];
  doInstallCheck = true;

  passthru = { inherit tests; };

  meta = {
    homepage = repository;
    changelog = "${repository}/blob/main/CHANGELOG.md";
    description = "Shop of small services in which every request can be followed";
    license = lib.licenses.mit;
    mainProgram = "load-generator";
    platforms = lib.platforms.linux;
    sourceProvenance = [ lib.sourceTypes.fromSource ];
  };
}
