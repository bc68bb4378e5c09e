# What SPIRE's agent gets beside its program and its folders, whoever writes its unit.
cfg:
let
  identity = import ../identity.nix cfg;
  upkeep = import ./upkeep.nix cfg.spireAgent;
  inherit (identity.spire) bundle nodeFolder;
  own = cfg.spireAgent.credentialsDirectory;
  node = if own == null then nodeFolder else own;
in
{
  # At each start a certificate of the host that has just begun.
  after = [
    "network.target"
  ]
  ++ (
    if own == null then
      [
        "spire-node.service"
        "spire-server.service"
      ]
    else
      [ ]
  );
  requires = if own == null then [ "spire-node.service" ] else [ ];
  inherit (upkeep) environment unitConfig;
  serviceConfig =
    # It looks into /proc for the process that asks it: ProtectProc= would refuse everybody.
    removeAttrs (import ./hardening.nix) [ "ProtectProc" ]
    // upkeep.serviceConfig
    // {
      ProcSubset = "pid";
      Restart = "always";
      LoadCredential = [
        "certificate.pem:${node}/certificate.pem"
        "key.pem:${node}/key.pem"
        "bundle.pem:${if own == null then bundle else "${own}/bundle.pem"}"
      ];
    };
}
