# Which services have an identity, and where it comes from.
cfg:
let
  names = import ./units/names.nix;
  addresses = import ./addresses.nix cfg;
  # Those that ask another for an identity, or are asked for theirs (services/api/src/calls.rs).
  asking = [ "gateway" ];
  asked = [
    "product"
    "inventory"
    "order"
  ];
  # Whether they are all on this host, and nobody on another is to ask them.
  isOfOneHost =
    builtins.all (part: cfg.${part}.enable && (cfg.${part}.instances or { }) == { }) (asking ++ asked)
    && builtins.all (part: addresses.isLoopback (addresses.listen part)) asked;
in
rec {
  # Unless somebody has chosen, the one that needs nobody to see to it, wherever it can be had.
  source =
    if cfg.identity.source != null then
      cfg.identity.source
    else if isOfOneHost then
      "files"
    else
      "none";
  isOn = source != "none";

  unit = "hello-observability-identity";
  runtime = unit;

  has = part: isOn && builtins.elem part (asking ++ asked);
  # Whether it shows its probes on a port of their own, since the other one asks for an identity.
  isAsked = part: isOn && builtins.elem part asked;
  # Those of this host, and those of any.
  services = map (part: names.${part}) (
    builtins.filter (part: has part && cfg.${part}.enable) (asking ++ asked)
  );
  everybody = map (part: names.${part}) (asking ++ asked);

  # Of a service, outside of its unit and inside.
  folder = name: "/run/${runtime}/${name}";
  mounted = "/run/identity";
  # A third of the life, in seconds.
  renewal = "${toString (lifeInSeconds / 3)}s";

  spire = {
    serverSocket = "/run/spire/server/private/api.sock";
    agentSocket = "/run/spire/agent/api.sock";
    # Of the server, by which an agent knows it at its first start.
    bundle = "/run/spire/server/bundle.pem";
    # What stands in the certificate of a host that may run an agent, and where it is made.
    nodeName = "spire-agent";
    nodeRuntime = "spire-node";
    nodeFolder = "/run/spire-node/spire-agent";
  };

  lifeInSeconds =
    let
      found = builtins.match "([0-9]+)([smh])" cfg.identity.life;
      seconds = {
        s = 1;
        m = 60;
        h = 3600;
      };
    in
    builtins.fromJSON (builtins.elemAt found 0) * seconds.${builtins.elemAt found 1};
}
