# What SPIRE needs on the host of its server: an authority that says which hosts may run an agent, and
# the entries that say which unit is who.
cfg:
let
  identity = import ../identity.nix cfg;
  files = import ../files.nix;
  slice = (import ./slice.nix).name;
  server = "spire-server.service";
  inherit (identity.spire) nodeName nodeRuntime serverSocket;
in
{
  services = {
    # It runs at each start of an agent. Its authority outlives the host; a certificate has to last
    # until the agent is started again, which it is when it has to prove the host anew and cannot.
    spire-node = {
      description = "SPIRE: a certificate for the agent of this host";
      serviceConfig = removeAttrs (import ./hardening.nix) [ "DynamicUser" ] // {
        Type = "oneshot";
        ExecStart = builtins.concatStringsSep " " [
          "${cfg.package}/bin/identity-authority"
          "--state-directory=%S/${nodeRuntime}"
          "--output=%t/${nodeRuntime}"
          "--trust-domain=${cfg.identity.trustDomain}"
          "--life=30d"
          "--authority-life=3650d"
          nodeName
        ];
        StateDirectory = nodeRuntime;
        StateDirectoryMode = "0700";
        RuntimeDirectory = nodeRuntime;
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        PrivateNetwork = true;
        RestrictAddressFamilies = [ "AF_UNIX" ];
        Slice = slice;
      };
    };
    spire-entries = {
      description = "SPIRE: which unit is who";
      after = [ server ];
      partOf = [ server ];
      wantedBy = [ server ];
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = import ./hardening.nix // {
        # Its socket is for the server's own user.
        User = "spire-server";
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "/bin/sh ${files.spireReconcile} ${cfg.spireServer.package}/bin/spire-server ${serverSocket} ${files.spireEntries}";
        Restart = "on-failure";
        RestartSec = "1s";
        PrivateNetwork = true;
        RestrictAddressFamilies = [ "AF_UNIX" ];
        Slice = slice;
      };
    };
  };
}
