# The tests that NixOS runs as well: all but those whose files say that they are for Debian alone; and the
# one that only NixOS can run.
removeAttrs (import ./nodes.nix) [
  "grafana-browser"
  "rendered"
]
// {
  switch.machine.enable = true;
}
