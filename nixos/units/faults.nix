# The folder in which an operator switches faults on. It belongs to root, everybody may read it, and it
# goes with the unit: stopped, it switches every fault off.
cfg: {
  services.hello-observability-faults = {
    description = "Shop: the folder of faults that are switched on";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      RuntimeDirectory = (import ../files.nix).faultsRuntime;
      RuntimeDirectoryMode = "0755";
      Slice = (import ./slice.nix).name;
      # /bin/sh is the one path that every system has.
      ExecStart = "/bin/sh -c :";
    };
  };
}
