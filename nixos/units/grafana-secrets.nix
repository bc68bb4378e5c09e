# The unit that makes the secrets of Grafana that nobody gave, on its first start: never in a store,
# readable by root alone.
cfg:
let
  inherit (import ../config/grafana.nix cfg) madeSecrets;
  make = name: "/bin/sh -c '${import ./make-secret.nix name}'";
in
{
  services =
    if madeSecrets == [ ] then
      { }
    else
      {
        grafana-secrets = {
          description = "Secrets of Grafana, made on its first start";
          before = [ "grafana.service" ];
          # Wanted is enough: Grafana does not start without the credentials.
          wantedBy = [ "grafana.service" ];
          serviceConfig = removeAttrs (import ./hardening.nix) [ "DynamicUser" ] // {
            Type = "oneshot";
            RemainAfterExit = true;
            ExecStart = map make madeSecrets;
            StateDirectory = "grafana-secrets";
            StateDirectoryMode = "0700";
            WorkingDirectory = "/var/lib/grafana-secrets";
            PrivateNetwork = true;
            Slice = (import ./slice.nix).name;
          };
        };
      };
}
