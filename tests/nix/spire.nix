# Identities by SPIRE: what its server and its agent are told, and what each unit gets.
let
  rendered = import ../../nixos/debian;
  shop = {
    shop.enable = true;
    agents.enable = false;
    identity.source = "spiffe";
  };
  here = shop // {
    spireServer.enable = true;
    spireAgent.enable = true;
  };
  all = rendered { values = here; };
  unit = name: all.units."${name}.service";
  file = name: builtins.fromJSON all.files."/etc/hello-observability/${name}.json";
  says = line: text: builtins.match "(.*\n)?${line}\n.*" text != null;
in
{
  "each unit that asks or is asked has an entry of its name" = {
    expected = [
      "gateway-service"
      "product-service"
      "inventory-service"
      "order-service"
    ];
    actual = map (
      entry:
      assert
        entry.selectors == [
          {
            type = "systemd";
            value = "id:${entry.entry_id}.service";
          }
        ];
      assert entry.spiffe_id == "spiffe://hello-observability/${entry.entry_id}";
      entry.entry_id
    ) (builtins.filter (entry: entry.entry_id != "node") (file "spire-entries").entries);
  };
  "a service asks the agent, and has no file mounted" = {
    expected = [
      true
      false
      false
    ];
    actual = map (line: says line (unit "order-service")) [
      "Environment=\"SPIFFE_ENDPOINT_SOCKET=unix:///run/spire/agent/api.sock\""
      "BindReadOnlyPaths=.*"
      "Requires=[^\n]*spire[^\n]*"
    ];
  };
  "the page's server has no identity" = {
    expected = false;
    actual = says "Environment=\"IDENTITY=.*" (unit "frontend");
  };
  "the agent listens where every user can reach it, and looks for who asks" = {
    expected = [
      "/run/spire/agent/api.sock"
      false
      true
    ];
    actual = [
      (file "spire-agent").agent.socket_path
      (says "ProtectProc=.*" (unit "spire-agent"))
      (says "ProtectProc=.*" (unit "spire-server"))
    ];
  };
  "a host proves itself anew, by no token that is used up" = {
    expected = [
      [ "x509pop" ]
      [ "x509pop" ]
    ];
    actual = map (name: builtins.attrNames (file name).plugins.NodeAttestor) [
      "spire-server"
      "spire-agent"
    ];
  };
  "the server is not on the port of a service" = {
    expected = [
      "127.0.0.1"
      8085
    ];
    actual = with (file "spire-server").server; [
      bind_address
      bind_port
    ];
  };
  "an agent whose server is elsewhere has its credentials from there" = {
    expected = [
      true
      false
      false
    ];
    actual =
      let
        there = rendered {
          values = shop // {
            spireServer.address = "observability";
            spireAgent = {
              enable = true;
              credentialsDirectory = "/var/lib/secrets/spire";
            };
          };
        };
      in
      [
        (says "LoadCredential=bundle.pem:/var/lib/secrets/spire/bundle.pem"
          there.units."spire-agent.service"
        )
        (there.units ? "spire-server.service")
        (there.units ? "spire-node.service")
      ];
  };
  "without SPIRE's programs nobody is told to ask for an identity" = {
    expected = [
      false
      false
    ];
    actual =
      let
        without = rendered {
          values = here;
          programs = [ "spire-agent" ];
        };
      in
      [
        (without.units ? "spire-agent.service")
        (says "Environment=\"IDENTITY=.*" without.units."order-service.service")
      ];
  };
  "files need no SPIRE, and SPIRE no files" = {
    expected = [
      true
      false
      false
      true
    ];
    actual =
      let
        files = rendered {
          values = shop // {
            identity.source = "files";
          };
        };
        has = machine: name: machine.units ? "${name}.service";
      in
      [
        (has files "hello-observability-identity")
        (has files "spire-server")
        (has all "hello-observability-identity")
        (has all "spire-entries")
      ];
  };
}
