# Which source of identities a host takes when nobody has chosen one, and what follows from it.
let
  given = import ../../nixos/debian/given.nix;
  identity = values: import ../../nixos/identity.nix (given values);
  source = values: (identity values).source;
  probes = values: builtins.fromJSON (import ../../nixos/config/probes.nix (given values));
  shop = {
    enable = true;
  };
  is = expected: actual: { inherit expected actual; };
in
{
  "the services of one host have identities by files" = is "files" (source shop);
  "also when the page is for everybody" = is "files" (
    source (shop // { frontend.listenAddress = "0.0.0.0"; })
  );
  "whom others are to ask in plain HTTP has none" = is "none" (
    source (shop // { order.listenAddress = "0.0.0.0"; })
  );
  "a shop that listens everywhere has none" = is "none" (
    source (shop // { listenAddress = "0.0.0.0"; })
  );
  "a part of a shop has none" = is "none" (
    source (
      shop
      // {
        order = {
          enable = false;
          address = "other.example.org";
        };
      }
    )
  );
  "several instances have none" = is "none" (
    source (
      shop
      // {
        product.instances = {
          "127.0.0.1" = 1;
          "192.0.2.11" = 1;
        };
      }
    )
  );
  "who has chosen gets that" = is "none" (source (shop // { identity.source = "none"; }));
  "a service with an identity answers probes on a port of their own" = is {
    frontend = "http://127.0.0.1:3001";
    gateway-service = "http://127.0.0.1:8080";
    product-service = "http://127.0.0.1:8181";
    inventory-service = "http://127.0.0.1:8182";
    order-service = "http://127.0.0.1:8183";
  } (probes shop);
  "one without answers them where it answers all" =
    is "http://127.0.0.1:8083"
      (probes (shop // { identity.source = "none"; })).order-service;
}
