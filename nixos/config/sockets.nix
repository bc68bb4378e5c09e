# The sockets of the shop on this host and their addresses, a line for each: by it
# units/reopen-sockets.sh sees which has moved.
cfg:
let
  inherit (import ../units cfg) sockets;
  line = name: "${name} ${sockets.${name}.socketConfig.ListenStream}\n";
in
builtins.concatStringsSep "" (map line (builtins.attrNames sockets))
