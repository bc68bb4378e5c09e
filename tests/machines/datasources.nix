# Grafana's data sources as they are provisioned where everything runs on one host; the links between
# signals are theirs.
(import ../../nixos/config/grafana.nix (import ../../nixos/debian/given.nix { enable = true; }))
.datasources.datasources
