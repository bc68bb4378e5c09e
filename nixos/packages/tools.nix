# What somebody who works on the system has at hand.
pkgs: with pkgs; [
  cargo
  clippy
  jq
  nixfmt
  nodejs
  rust-analyzer
  rustc
  rustfmt
  # promtool and Loki, to check configurations; logcli, to ask for log lines.
  grafana-loki
  prometheus.cli
]
