# Brings a changed address of a socket into effect, at `nixos-rebuild switch` as by hand with
# `systemctl reload`.
#
# switch-to-configuration leaves a changed socket alone when its service says stopIfChanged = false,
# as ours do so that an upgrade refuses no connection. After the daemon-reload systemd has dropped the
# old address and not bound the new one, and the service would start without a socket. What is relied
# on (nixpkgs, switch-to-configuration-ng/src/main.rs):
#   - a unit with X-ReloadIfChanged= is reloaded and never restarted, whatever of it has changed, and
#     one whose X-Reload-Triggers= alone has changed is reloaded too;
#   - units are reloaded after /etc and systemd have the new configuration, and before those that
#     have changed are restarted: the service is restarted with its socket open.
_cfg:
let
  files = import ../files.nix;
  name = "hello-observability-sockets";
  kept = "%t/${name}/sockets";
in
{
  # No member of the shop's target: the anomaly detector has a socket too, and goes on without the shop.
  services.${name} = {
    wantedBy = [ "multi-user.target" ];
    description = "Shop: sockets at their present addresses";
    reloadIfChanged = true;
    serviceConfig =
      # systemd takes orders from root alone.
      removeAttrs (import ./hardening.nix) [ "DynamicUser" ] // {
        Type = "oneshot";
        RemainAfterExit = true;
        RuntimeDirectory = name;
        ExecStart = "/bin/sh -c 'cat ${files.sockets} >${kept}'";
        ExecReload = "/bin/sh ${files.reopenSockets} ${files.sockets} ${kept}";
        # It waits for services that drain, at most 20 s each and all at once, and start again.
        TimeoutStartSec = 60;
        Slice = (import ./slice.nix).name;
        PrivateNetwork = true;
        RestrictAddressFamilies = [ "AF_UNIX" ];
      };
  };
}
