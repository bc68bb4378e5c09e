# The unit that makes the secrets of the sign-in that nobody gave, on its first start, and hands them to Dex
# in its words: never in a store, readable by root alone.
cfg:
let
  signIn = import ../config/sign-in.nix cfg;
  inherit (signIn) folder;
  make = import ./make-secret.nix;
  line = variable: file: "printf '${variable}=%%s\\n' \"$(cat ${file})\"";
  script = builtins.concatStringsSep "; " [
    "set -e"
    (make "client-secret")
    (make "grafana-secret")
    "{ ${line "SHOP_SECRET" signIn.clientSecret}; ${line "GRAFANA_SECRET" signIn.grafanaSecret}; } >.dex.env"
    "mv .dex.env dex.env"
  ];
  # As systemd.service(5) wants an argument; % is doubled already.
  quoted = text: "\"${builtins.replaceStrings [ "\\" "\"" "$" ] [ "\\\\" "\\\"" "$$" ] text}\"";
  readers = [
    "frontend.service"
    "dex.service"
    "grafana.service"
  ];
in
{
  services.sign-in-secrets = {
    description = "Secrets of the sign-in, made on its first start";
    before = readers;
    # Wanted is enough: nobody starts without the credentials.
    wantedBy = readers;
    serviceConfig = removeAttrs (import ./hardening.nix) [ "DynamicUser" ] // {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "/bin/sh -c ${quoted script}";
      StateDirectory = builtins.baseNameOf folder;
      StateDirectoryMode = "0700";
      WorkingDirectory = folder;
      PrivateNetwork = true;
      Slice = (import ./slice.nix).name;
    };
  };
}
