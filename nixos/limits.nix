# What the services are built with: what their connections may cost (services/server/src/limits.rs).
builtins.fromJSON (builtins.readFile ../services/server/limits.json)
