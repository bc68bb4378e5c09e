# The tests that NixOS runs as well: all but those whose files say that they are for Debian alone.
removeAttrs (import ./nodes.nix) [
  "grafana-browser"
  "rendered"
]
