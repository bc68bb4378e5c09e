# The page, built: a folder of files that the frontend server serves.
{
  lib,
  buildNpmPackage,
  importNpmLock,
}:
let
  root = ../../frontend;
  repository = import ../repository.nix;
  manifest = lib.importJSON (root + "/package.json");
in
buildNpmPackage {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/index.html")
      (root + "/package.json")
      (root + "/package-lock.json")
      (root + "/src")
      (root + "/tsconfig.json")
      (root + "/vite.config.ts")
    ];
  };

  # Each package by the hash that the lock file has of it: no hash of all to keep up to date.
  npmDeps = importNpmLock { npmRoot = root; };
  inherit (importNpmLock) npmConfigHook;

  installPhase = ''
    runHook preInstall
    cp -r dist "$out"
    runHook postInstall
  '';

  meta = {
    homepage = repository;
    changelog = "${repository}/blob/main/CHANGELOG.md";
    description = "Page of the shop: products, orders, and each order's trace";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux;
    sourceProvenance = [ lib.sourceTypes.fromSource ];
  };
}
