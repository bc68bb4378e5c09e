# Type=notify-reload (systemd 253): a reload is SIGHUP, and has ended when the service says so. Module
# trees from before May 2023 refuse the word; there it is SIGHUP alone, and a reload has ended when the
# signal is sent.
{ options }:
let
  word = "notify-reload";
  ofAnyService = options.systemd.services.type.getSubOptions [ ];
  accepted = ofAnyService.serviceConfig.type.check { Type = word; };
in
unit:
if accepted || unit.serviceConfig.Type or "" != word then
  unit
else
  unit
  // {
    serviceConfig = unit.serviceConfig // {
      Type = "notify";
      # /bin/sh is the one path that every system has.
      ExecReload = "/bin/sh -c 'kill -HUP $MAINPID'";
    };
  }
