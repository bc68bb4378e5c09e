# The variables of a dashboard, and what a query says of them.
let
  sources = import ../../nixos/config/sources.nix;
  values =
    {
      name,
      label,
      description,
      query,
      ...
    }@one:
    {
      type = "query";
      inherit name label description;
      datasource = sources.prometheus;
      definition = query;
      query = {
        qryType = 1;
        inherit query;
        refId = "PrometheusVariableQueryEditor-VariableQuery";
      };
      # Anew whenever the time changes: a service that came last week is not of today.
      refresh = 2;
      sort = 1;
      regex = "";
      hide = 0;
      options = [ ];
    }
    // removeAttrs one [
      "name"
      "label"
      "description"
      "query"
    ];
  service = {
    name = "service";
    label = "Service";
    query = "label_values(app_info, service)";
  };
in
{
  # Of all services, some of them or all.
  services = values (
    service
    // {
      description = "The services that are shown.";
      multi = true;
      includeAll = true;
      allValue = ".+";
      current = {
        text = [ "All" ];
        value = [ "$__all" ];
      };
    }
  );

  # One service.
  oneService = values (
    service
    // {
      description = "The service that is shown.";
      multi = false;
      includeAll = false;
      current = {
        text = "gateway-service";
        value = "gateway-service";
      };
    }
  );

  # Hosts, by the address at which their node exporter is scraped.
  hosts = values {
    name = "instance";
    label = "Host";
    description = "The hosts that are shown, by the address of their node exporter.";
    query = "label_values(node_boot_time_seconds, instance)";
    multi = true;
    includeAll = true;
    allValue = ".+";
    current = {
      text = [ "All" ];
      value = [ "$__all" ];
    };
  };
}
