# Jaeger 2 as its makers release it: one program, the page inside. nixpkgs has no package of it.
{
  lib,
  stdenvNoCC,
  fetchurl,
  versionCheckHook,
}:
stdenvNoCC.mkDerivation (finalAttrs: {
  pname = "jaeger";
  version = "2.20.0";

  src = fetchurl {
    url = "https://github.com/jaegertracing/jaeger/releases/download/v${finalAttrs.version}/jaeger-${finalAttrs.version}-linux-amd64.tar.gz";
    hash = "sha256-yWc2i6Cb41YInvfoqrKnbRcNwAf/bM95JcgWft4pANc=";
  };

  # A static program of Go: nothing to configure, to build or to patch.
  dontConfigure = true;
  dontBuild = true;
  dontFixup = true;
  installPhase = ''
    runHook preInstall
    install -D -m 755 jaeger "$out/bin/jaeger"
    runHook postInstall
  '';

  # That the archive holds the program that its name says, and that it runs here.
  nativeInstallCheckInputs = [ versionCheckHook ];
  versionCheckProgramArg = "version";
  doInstallCheck = true;

  meta = {
    description = "Distributed tracing platform";
    homepage = "https://www.jaegertracing.io";
    changelog = "https://github.com/jaegertracing/jaeger/releases/tag/v${finalAttrs.version}";
    license = lib.licenses.asl20;
    mainProgram = "jaeger";
    platforms = [ "x86_64-linux" ];
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
})
