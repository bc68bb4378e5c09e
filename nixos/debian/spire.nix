# The units of SPIRE's server and agent, which on NixOS a module of nixpkgs writes.
cfg:
let
  files = import ./files.nix cfg;
  unit =
    part: name: file:
    let
      shared = import (../units + "/${name}.nix") cfg;
      which = builtins.replaceStrings [ "-" ] [ "/" ] name;
    in
    if cfg.${part}.enable then
      {
        ${name} = shared // {
          description = "SPIRE, its ${builtins.baseNameOf which}";
          wantedBy = [ "multi-user.target" ];
          serviceConfig = shared.serviceConfig // {
            ExecStart = "${cfg.${part}.package}/bin/${name} run -expandEnv -config ${file}";
            Type = "exec";
            StateDirectory = which;
            StateDirectoryMode = "0700";
            RuntimeDirectory = which;
          };
        };
      }
    else
      { };
in
unit "spireServer" "spire-server" files.paths.spireServer
// unit "spireAgent" "spire-agent" files.paths.spireAgent
