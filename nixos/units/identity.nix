# The authority of this host, which gives each service of the shop that asks another, or is asked, its
# identity: a certificate with a SPIFFE ID, renewed by a timer. Nobody is restarted for it.
#
# Not LoadCredential=: systemd copies a credential when the unit starts, and until it can do so again
# at a reload (systemd 260) a new identity would need a restart. A service has its own folder mounted
# instead, out of one that root alone can open.
cfg:
let
  identity = import ../identity.nix cfg;
  authority = {
    serviceConfig = removeAttrs (import ./hardening.nix) [ "DynamicUser" ] // {
      Type = "oneshot";
      ExecStart = builtins.concatStringsSep " " (
        [
          "${cfg.package}/bin/identity-authority"
          "--state-directory=%S/${identity.runtime}"
          "--output=%t/${identity.runtime}"
          "--trust-domain=${cfg.identity.trustDomain}"
          "--life=${cfg.identity.life}"
        ]
        ++ identity.services
      );
      StateDirectory = identity.runtime;
      StateDirectoryMode = "0700";
      RuntimeDirectory = identity.runtime;
      RuntimeDirectoryMode = "0700";
      # The services read on.
      RuntimeDirectoryPreserve = true;
      PrivateNetwork = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
      Slice = (import ./slice.nix).name;
    };
  };
in
{
  services = {
    # Before the first service starts.
    ${identity.unit} = authority // {
      description = "Shop: an identity for each service";
      # An upgrade issues new identities, of a changed life too, and leaves the old ones until then.
      stopIfChanged = false;
      serviceConfig = authority.serviceConfig // {
        RemainAfterExit = true;
      };
    };
    # What the timer starts.
    "${identity.unit}-renewal" = authority // {
      description = "Shop: a new identity for each service";
      after = [ "${identity.unit}.service" ];
    };
  };
  timers."${identity.unit}-renewal" = {
    description = "Shop: a new identity for each service, in time";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      # Two renewals may fail before anything ends.
      OnActiveSec = identity.renewal;
      OnUnitActiveSec = identity.renewal;
      AccuracySec = "1s";
    };
  };
}
