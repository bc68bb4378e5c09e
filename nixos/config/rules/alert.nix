# One alert, as Prometheus and Loki's ruler read it.
#
#   name         what its runbook is called, too
#   severity     critical: somebody has to act now; warning: within some days; none: nobody
#   layer        symptom: customers feel it; cause: a part has trouble; telemetry: we may be blind.
#                A dead host or service silences the symptoms that it explains (../alertmanager.nix)
#   service      the service that it is about, where it is about one; a template
#   summary      one line, which a telephone shows
#   description  what was measured; a template
#   dashboard    the uid of the dashboard on which to look first
#   period       the time that the links show: `prometheus` or `loki` of ./period.nix
#
# Where Grafana is known it links to that dashboard, and where Loki is, too, to the log lines.
cfg:
{
  name,
  expr,
  for ? "0s",
  severity,
  layer,
  service ? null,
  labels ? { },
  summary,
  description,
  dashboard,
  period ? (import ./period.nix).prometheus,
}:
let
  addresses = import ../../addresses.nix cfg;
  inherit (addresses) grafana;
  # The lines of its service, or what fails anywhere.
  lines = import ../explore.nix (
    period
    // {
      source = (import ../sources.nix).loki;
      query = {
        queryType = "range";
        expr = if service == null then "{${fields.troubled}}" else "{${fields.labels.service}=\"SERVICE\"}";
      };
      filled = if service == null then { } else { SERVICE = service; };
    }
  );
  fields = import ../fields.nix;
  ofService = if service == null then "" else "var-service=${service}&";
in
{
  alert = name;
  inherit expr for;
  labels = {
    inherit severity layer;
  }
  // (if service == null then { } else { inherit service; })
  // labels;
  annotations = {
    inherit summary description;
    runbook_url = "${cfg.alerts.runbooksUrl}/${name}.md";
  }
  // (
    if grafana == null then
      { }
    else
      {
        dashboard = "${grafana}/d/${dashboard}?${ofService}from=${period.from}&to=${period.to}";
      }
      // (if addresses.known "loki" then { logs = grafana + lines; } else { })
  );
}
