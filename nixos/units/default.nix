# All units that we write ourselves, as far as this host runs them. Prometheus, Loki, Grafana and the
# node exporter have modules in nixpkgs.
cfg:
let
  where = part: units: if cfg.${part}.enable then [ (units cfg) ] else [ ];
  shop = import ./shop.nix cfg;
  parts =
    shop
    ++ (if shop == [ ] then [ ] else [ (import ./sockets.nix cfg) ])
    ++ where "loadGenerator" (import ./load-generator.nix)
    ++ where "jaeger" (import ./jaeger.nix)
    ++ where "promtail" (import ./promtail.nix);
in
builtins.foldl'
  (all: units: {
    services = all.services // units.services;
    sockets = all.sockets // units.sockets or { };
  })
  {
    services = { };
    sockets = { };
  }
  parts
