# Which addresses a service may speak to: loopback alone, when all that it listens on and all that
# it asks is there; else everything, since names of peers are resolved while it runs.
cfg:
let
  addresses = import ../addresses.nix cfg;
  # http://HOST:PORT/PATH or HOST:PORT -> HOST
  hostOf =
    url:
    let
      found = builtins.match "(https?://)?(\\[([^]]*)]|([^:/]*)).*" url;
      bracketed = builtins.elemAt found 2;
    in
    if bracketed == null then builtins.elemAt found 3 else bracketed;
in
# part: its name; urls: what it asks, null where it asks nothing.
part: urls:
let
  # Instances of a peer stand with commas between them.
  each = url: builtins.filter builtins.isString (builtins.split "," url);
  told = builtins.concatMap each (builtins.filter (url: url != null) urls);
  hosts = [ (addresses.listen part) ] ++ map hostOf told;
in
if builtins.all addresses.isLoopback hosts then
  {
    IPAddressDeny = "any";
    IPAddressAllow = "localhost";
  }
else
  { }
