# Where a machine without NixOS has the programs, which on NixOS are packages.
let
  shop = "/opt/hello-observability";
  inherit (import ../files.nix) folder;
  # As they were found on PATH.
  programs = "/opt/programs";
in
{
  package = shop;
  page = "${shop}/page";
  dashboards = "${folder}/dashboards";
  jaeger.package = programs;
  loki.package = programs;
  dex.package = programs;
  spireServer.package = programs;
  spireAgent.package = programs;
  promtail.package = programs;
  grafana = {
    package = programs;
    # Its pages and defaults, where Debian's package has them.
    homepath = "/usr/share/grafana";
  };
}
