# What SPIRE's server gets beside its program and its folders, whoever writes its unit. It has started
# when it answers, and its bundle lies there.
cfg:
let
  identity = import ../identity.nix cfg;
  upkeep = import ./upkeep.nix cfg.spireServer;
  inherit (identity.spire) bundle nodeFolder serverSocket;
  show = "${cfg.spireServer.package}/bin/spire-server bundle show -socketPath ${serverSocket}";
in
{
  after = [
    "network.target"
    "spire-node.service"
  ];
  requires = [ "spire-node.service" ];
  inherit (upkeep) environment unitConfig;
  serviceConfig =
    import ./hardening.nix
    // upkeep.serviceConfig
    // {
      Restart = "always";
      LoadCredential = [ "authorities.pem:${nodeFolder}/authorities.pem" ];
      # As long as it runs: systemd would wait for this one.
      ExecStartPost = "/bin/sh -c 'until ${show} >${bundle} 2>/dev/null; do kill -0 $MAINPID || exit; sleep 0.1; done'";
      TimeoutStartSec = 60;
    };
}
