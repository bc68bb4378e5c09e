# All that the module runs, as one control group: `systemctl status hello-observability.slice` and
# systemd-cgtop show what it costs, `systemctl stop` of it stops everything. By its name systemd puts it
# below hello.slice.
{
  name = "hello-observability.slice";
  units.slices.hello-observability.description = "Shop, and what watches it";
}
