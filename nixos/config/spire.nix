# The settings of SPIRE's server and agent, in their words, and which unit is who.
cfg:
let
  addresses = import ../addresses.nix cfg;
  identity = import ../identity.nix cfg;
  inherit (cfg.identity) trustDomain;
  id = path: "spiffe://${trustDomain}/${path}";
  seconds = lives: "${toString (lives * identity.lifeInSeconds)}s";
  # Every host with an agent; which of them a service runs on is no part of who it is.
  node = id "node";
in
{
  server = {
    server = {
      trust_domain = trustDomain;
      data_dir = "$STATE_DIRECTORY";
      bind_address = addresses.listen "spireServer";
      bind_port = cfg.spireServer.port;
      socket_path = identity.spire.serverSocket;
      log_level = "WARN";
      default_x509_svid_ttl = seconds 1;
      default_jwt_svid_ttl = seconds 1;
      # A host that is off for a week comes back by itself; an authority lives six times as long as what
      # it signs, which the server asks for.
      agent_ttl = seconds 7;
      ca_ttl = seconds 42;
      # By default an entry is known after ten seconds: five here, and five in the agent.
      experimental.cache_reload_interval = "500ms";
    };
    plugins = {
      DataStore.sql.plugin_data = {
        database_type = "sqlite3";
        connection_string = "$STATE_DIRECTORY/datastore.sqlite3";
      };
      # On disk: with new keys at each start nobody would believe what was signed before.
      KeyManager.disk.plugin_data.keys_path = "$STATE_DIRECTORY/keys.json";
      # Not by a token, which is used up: a host that was away for too long has to come back by itself.
      NodeAttestor.x509pop.plugin_data.ca_bundle_path = "$CREDENTIALS_DIRECTORY/authorities.pem";
    };
  };

  agent = {
    agent = {
      trust_domain = trustDomain;
      data_dir = "$STATE_DIRECTORY";
      server_address = addresses.host "spireServer";
      server_port = cfg.spireServer.port;
      # Not in the folder `public` of its own, which it would close to other users by its umask.
      socket_path = identity.spire.agentSocket;
      trust_bundle_path = "$CREDENTIALS_DIRECTORY/bundle.pem";
      # A server that has lost its state has other keys.
      rebootstrap_mode = "auto";
      log_level = "WARN";
      experimental.sync_interval = "1s";
    };
    plugins = {
      KeyManager.disk.plugin_data.directory = "$STATE_DIRECTORY";
      NodeAttestor.x509pop.plugin_data = {
        certificate_path = "$CREDENTIALS_DIRECTORY/certificate.pem";
        private_key_path = "$CREDENTIALS_DIRECTORY/key.pem";
      };
      WorkloadAttestor.systemd.plugin_data = { };
    };
  };

  # The name of an entry is that of its unit, so that it can be found again.
  entries.entries = [
    {
      entry_id = "node";
      spiffe_id = node;
      parent_id = id "spire/server";
      selectors = [
        {
          type = "x509pop";
          value = "subject:cn:${identity.spire.nodeName}";
        }
      ];
    }
  ]
  ++ map (name: {
    entry_id = name;
    spiffe_id = id name;
    parent_id = node;
    selectors = [
      {
        type = "systemd";
        value = "id:${name}.service";
      }
    ];
  }) identity.everybody;
}
