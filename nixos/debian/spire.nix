# The units of SPIRE's server and agent, which on NixOS a module of nixpkgs writes.
cfg:
let
  files = import ./files.nix cfg;
  unit =
    part: name: file: user:
    let
      shared = import (../units + "/${name}.nix") cfg;
      which = builtins.replaceStrings [ "-" ] [ "/" ] name;
    in
    if cfg.${part}.enable then
      {
        ${name} = shared // {
          description = "SPIRE, its ${builtins.baseNameOf which}";
          wantedBy = [ "multi-user.target" ];
          serviceConfig =
            shared.serviceConfig
            // {
              ExecStart = "${cfg.${part}.package}/bin/${name} run -expandEnv -config ${file}";
              Type = "exec";
              StateDirectory = which;
              StateDirectoryMode = "0700";
              RuntimeDirectory = which;
            }
            // user;
        };
      }
    else
      { };
in
unit "spireServer" "spire-server" files.paths.spireServer { }
# It asks the bus for the unit of a process, which answers only a user that it knows: Debian's package of
# Prometheus made this one.
// unit "spireAgent" "spire-agent" files.paths.spireAgent {
  DynamicUser = false;
  User = "prometheus";
}
