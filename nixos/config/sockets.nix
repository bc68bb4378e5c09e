# The sockets of the shop on this host and their addresses, a line for each: by it
# units/reopen-sockets.sh sees which has moved.
cfg:
let
  inherit (import ../units cfg) sockets;
  # A service may listen on several.
  line =
    name:
    let
      address = sockets.${name}.socketConfig.ListenStream;
    in
    "${name} ${toString address}\n";
in
builtins.concatStringsSep "" (map line (builtins.attrNames sockets))
