# How people sign in: what the services are told of it, and the secrets that the shop and Grafana have at
# the provider.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.signIn;
  folder = "/var/lib/sign-in-secrets";
  orNull = value: if own.enable then value else null;
  names = builtins.concatStringsSep ",";
  # The page at its own host; a browser keeps a session on no other plain http.
  localhost = part: "http://localhost:${toString cfg.${part}.port}";
in
rec {
  # Where Dex of this host issues tokens.
  ofDex = "${addresses.url "dex"}/dex";
  # That, unless another provider was told.
  issuer = orNull (
    if own.issuer != null then
      own.issuer
    else if cfg.dex.enable then
      ofDex
    else
      null
  );
  publicUrl = if own.publicUrl != null then own.publicUrl else localhost "frontend";
  grafanaUrl =
    if cfg.frontend.grafanaUrl != null then cfg.frontend.grafanaUrl else localhost "grafana";

  # Grafana is told each address of the provider, and knows those of Dex alone.
  grafana = own.enable && cfg.dex.enable && cfg.grafana.enable && cfg.grafana.manage;

  # What was not given is made on the first start.
  inherit folder;
  clientSecret =
    if own.clientSecretFile != null then own.clientSecretFile else "${folder}/client-secret";
  grafanaSecret = "${folder}/grafana-secret";
  # The same for Dex, as variables.
  environmentFile = "${folder}/dex.env";

  # Of the gateway and the frontend.
  shared = {
    OIDC_CLIENT_ID = orNull own.clientId;
    OIDC_CA_FILE = orNull own.caFile;
    OIDC_GROUPS_CLAIM = orNull own.groupsClaim;
    OIDC_OPERATORS = orNull (names own.operators);
    OIDC_CUSTOMERS = orNull (names own.customers);
  };
  frontend = {
    PUBLIC_URL = orNull publicUrl;
    OIDC_SCOPES = orNull own.scopes;
  };
  credentials = if own.enable then [ "oidc-client-secret:${clientSecret}" ] else [ ];
}
