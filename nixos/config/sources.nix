# Grafana's data sources: their fixed uids, by which dashboards and links name them, and their types.
builtins.listToAttrs (
  map
    (name: {
      inherit name;
      value = {
        type = name;
        uid = name;
      };
    })
    [
      "prometheus"
      "alertmanager"
      "loki"
      "jaeger"
    ]
)
