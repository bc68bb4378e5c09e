# All units that we write ourselves, as far as this host runs them. Prometheus, Loki, Grafana and the
# node exporter have modules in nixpkgs.
cfg:
let
  only = condition: units: if condition then [ units ] else [ ];
  where = part: units: only cfg.${part}.enable (units cfg);
  shop = import ./shop.nix cfg;
  identity = import ../identity.nix cfg;
  parts =
    shop
    ++ only (shop != [ ] || cfg.anomalyDetector.enable) (import ./sockets.nix cfg)
    ++ only (identity.source == "files" && identity.services != [ ]) (import ./identity.nix cfg)
    ++ where "spireServer" (import ./spire.nix)
    ++ where "faults" (import ./faults.nix)
    ++ where "anomalyDetector" (import ./anomaly-detector.nix)
    ++ where "loadGenerator" (import ./load-generator.nix)
    ++ only (shop != [ ] || cfg.loadGenerator.enable) (import ./target.nix).units
    ++ where "jaeger" (import ./jaeger.nix)
    ++ where "promtail" (import ./promtail.nix)
    ++ only (cfg.signIn.enable || cfg.dex.enable) (import ./sign-in-secrets.nix cfg)
    ++ only (cfg.grafana.enable && cfg.grafana.manage) (import ./grafana-secrets.nix cfg)
    ++ only (builtins.any (part: cfg.${part}.enable) (
      builtins.attrNames (import ./names.nix)
    )) (import ./slice.nix).units;
  none = {
    services = { };
    sockets = { };
    targets = { };
    slices = { };
    timers = { };
  };
in
builtins.foldl' (import ../merge.nix) none parts
