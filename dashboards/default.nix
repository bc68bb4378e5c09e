# Grafana's dashboards, by their uid. The JSON files beside this one are made of it: dashboards/render.
{
  microservices = import ./microservices.nix;
  service = import ./service.nix;
  order-flow = import ./order-flow.nix;
  objectives = import ./objectives.nix;
  hosts = import ./hosts.nix;
  telemetry = import ./telemetry.nix;
}
