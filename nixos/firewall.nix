# The ports that are opened: of the parts that run here and asked for it. What listens on loopback
# alone needs none.
cfg:
let
  addresses = import ./addresses.nix cfg;
  ports = import ./ports.nix;

  asked =
    part: if cfg.${part}.openFirewall == null then cfg.openFirewall else cfg.${part}.openFirewall;
  opened = part: cfg.${part}.enable && asked part && !addresses.isLoopback (addresses.listen part);
  of =
    table:
    builtins.concatMap (
      part: if opened part then map (name: cfg.${part}.${name}) table.${part} else [ ]
    ) (builtins.attrNames table);
in
{
  allowedTCPPorts = of ports.public;
  allowedUDPPorts = of ports.datagrams;
}
