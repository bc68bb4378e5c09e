# Where a click leads. All of them keep the time; a dashboard is named by its uid, which never changes.
let
  # The time of the dashboard that the link is on, as parameters.
  time = "\${__url_time_range}";

  toService = service: {
    title = "Service \${${service}}";
    url = "/d/service?var-service=\${${service}}&${time}";
  };
in
{
  # From a series, or from a row of a table, to the page of the service in one of its labels.
  serviceOfLabel = label: toService "__field.labels.${label}";
  serviceOfField = field: toService "__data.fields.${field}";

  # From a panel to another dashboard.
  dashboard = uid: title: {
    inherit title;
    url = "/d/${uid}?${time}";
  };

  # In the bar at the top of a dashboard: to another one, with the time and the variables.
  inBar = uid: title: {
    type = "link";
    inherit title;
    url = "/d/${uid}";
    icon = "dashboard";
    tooltip = "";
    tags = [ ];
    asDropdown = false;
    targetBlank = false;
    keepTime = true;
    includeVars = true;
  };
}
