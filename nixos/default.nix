# The NixOS module: a thin shell with typed options, which hands its values to the pure functions
# beside it and lets NixOS' own modules run Prometheus, Alertmanager, Loki, Grafana and the node
# exporter.
{
  _class = "nixos";
  imports = [
    ./module/options.nix
    ./module/assertions.nix
    ./module/units.nix
    ./module/prometheus.nix
    ./module/alertmanager.nix
    ./module/loki.nix
    ./module/grafana.nix
    ./module/dex.nix
    ./module/spire.nix
    ./module/firewall.nix
  ];
}
