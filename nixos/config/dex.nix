# Dex, the OpenID provider: who may sign in, and at what. Its secrets come as variables.
cfg:
let
  addresses = import ../addresses.nix cfg;
  signIn = import ./sign-in.nix cfg;
  own = cfg.dex;
  client = id: name: secretEnv: redirect: {
    inherit id name secretEnv;
    redirectURIs = [ redirect ];
  };
in
{
  # Without sessions this Dex asks its store for a person while it holds the lock of it, whenever a token is
  # renewed, and stands still for good. A Dex that knows no sessions takes no notice.
  environment.DEX_SESSIONS_ENABLED = "true";

  settings = {
    issuer = if signIn.issuer != null then signIn.issuer else signIn.ofDex;
    web.http = addresses.listenOn "dex";
    storage.type = "memory";
    # The shop is the only one that asks: there is nothing for a person to decide.
    oauth2.skipApprovalScreen = true;
    expiry = {
      # A role that is taken away, and a session that is stolen, end after as long.
      idTokens = "10m";
      refreshTokens.absoluteLifetime = "12h";
    };
    logger.level = "warn";
    enablePasswordDB = true;
    staticClients = [
      (client cfg.signIn.clientId "Shop" "SHOP_SECRET" "${signIn.publicUrl}/auth/callback")
    ]
    ++ (
      if signIn.grafana then
        [ (client "grafana" "Grafana" "GRAFANA_SECRET" "${signIn.grafanaUrl}/login/generic_oauth") ]
      else
        [ ]
    );
    staticPasswords = map (
      name:
      let
        user = own.users.${name};
      in
      {
        inherit (user) email groups;
        hash = user.passwordHash;
        username = name;
        name = if user.name or null != null then user.name else name;
        emailVerified = true;
        # Who a person is to the shop: the orders follow it.
        userID = name;
      }
    ) (builtins.attrNames own.users);
  };
}
