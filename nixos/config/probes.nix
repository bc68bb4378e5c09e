# Where each service of the shop answers probes and metrics: the command `scenario` waits until one says
# that its fault is on.
cfg:
let
  names = import ../units/names.nix;
  addresses = import ../addresses.nix cfg;
  parts = builtins.filter addresses.known (import ../shop-parts.nix);
in
builtins.toJSON (
  builtins.listToAttrs (
    map (part: {
      name = names.${part};
      value = "http://${addresses.probes part}";
    }) parts
  )
)
