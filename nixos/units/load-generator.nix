# The unit of the load generator: traffic for as long as it runs.
cfg:
let
  addresses = import ../addresses.nix cfg;
  own = cfg.loadGenerator;
  # As systemd.service(5) wants its arguments.
  quoted =
    argument:
    "\"${builtins.replaceStrings [ "\\" "\"" "%" "$" ] [ "\\\\" "\\\"" "%%" "$$" ] argument}\"";
  arguments = [
    "--forever"
    "--users"
    (toString own.users)
  ]
  ++ own.extraArgs;
  # It buys as a customer does, through the page's server where there is one.
  target = addresses.url (if addresses.known "frontend" then "frontend" else "gateway");
in
{
  services = {
    load-generator = (import ./target.nix).member // {
      description = "Shop: traffic";
      after = [ "network.target" ];
      environment.GATEWAY_SERVICE_URL = target;
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig =
        import ./hardening.nix
        // import ./accounting.nix own
        // {
          ExecStart = "${cfg.package}/bin/load-generator ${builtins.concatStringsSep " " (map quoted arguments)}";
          Type = "notify";
          # A target that cannot be reached ends it (69); it comes back until the shop is there.
          Restart = "always";
          RestartSec = "1s";
          RestartSteps = 4;
          RestartMaxDelaySec = "15s";
          RestartPreventExitStatus = "2";
          TimeoutStopSec = 20;
          SocketBindDeny = "any";
        };
    };
  };
}
