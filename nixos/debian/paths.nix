# Where a machine without NixOS has the programs, which on NixOS are packages.
let
  shop = "/opt/hello-observability";
  # As they were found on PATH.
  programs = "/opt/programs";
in
{
  package = shop;
  page = "${shop}/page";
  dashboards = "${shop}/dashboards";
  jaeger.package = programs;
  loki.package = programs;
  promtail.package = programs;
}
