# Where the files lie that units read; the same on every machine.
rec {
  folder = "/etc/hello-observability";
  # Read again on `systemctl reload`: the level of the logs changes without a restart.
  logFilter = "${folder}/log-filter";
  # Where each socket of the shop listens, and what opens those anew that have moved.
  sockets = "${folder}/sockets";
  reopenSockets = "${folder}/reopen-sockets";
  # Where an operator switches faults on; below /run, and so gone with a restart.
  faultsRuntime = "hello-observability/faults";
  faults = "/run/${faultsRuntime}";
  # Where each service answers probes, for who switches faults on.
  probes = "${folder}/probes.json";
  # Which unit is who to SPIRE, and what tells its server.
  spireEntries = "${folder}/spire-entries.json";
  spireReconcile = "${folder}/spire-reconcile";
  jaeger = "${folder}/jaeger.yaml";
  promtail = "${folder}/promtail.yaml";
  # Loki reads a folder for each tenant; the one that there is without tenants is called so.
  lokiRules = "${folder}/loki-rules";
  lokiRulesOfTenant = "${lokiRules}/fake/logs.yaml";
}
