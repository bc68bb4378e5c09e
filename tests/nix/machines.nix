# The machines' tests as NixOS would run them, as far as they can be seen without nixpkgs: each kind
# from the same nodes, within bounds.
let
  # A test is what it was asked for.
  pkgs = {
    lib = {
      inherit (builtins) mapAttrs;
      optional = condition: value: if condition then [ value ] else [ ];
      hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
    };
    testers.runNixOSTest = test: test;
    writeText = name: _: "/${name}";
  };
  inherit
    (import ../machines {
      inherit pkgs;
      module = { };
    })
    vms
    containers
    ;
  inherit (builtins)
    all
    attrNames
    attrValues
    mapAttrs
    ;
  ofDebian = [
    "grafana-browser"
    "rendered"
  ];
  nodes = removeAttrs (import ../machines/nodes.nix) ofDebian // {
    switch.machine = { };
  };
  names = mapAttrs (_: attrNames);
in
{
  "every script is a VM test, of its nodes" = {
    expected = names nodes;
    actual = names (mapAttrs (_: test: test.nodes) vms);
  };
  "a VM without KVM is refused, not emulated" = {
    expected = true;
    actual = all (test: test.qemu.forceAccel) (attrValues vms);
  };
  "each test ends within half an hour, but for those that wait for alarms" =
    let
      longer = tests: builtins.filter (name: tests.${name}.globalTimeout > 1800) (attrNames tests);
      waiting = builtins.filter (pkgs.lib.hasPrefix "alerts-") (attrNames nodes);
    in
    {
      expected = {
        vms = waiting;
        containers = builtins.filter (name: containers ? ${name}) waiting;
        longest = true;
      };
      actual = {
        vms = longer vms;
        containers = longer containers;
        longest = all (test: test.globalTimeout <= 5400) (attrValues vms ++ attrValues containers);
      };
    };
  "those whose machines stay on are container tests too, of the same nodes" = {
    expected = names (
      removeAttrs nodes [
        "alerts-hosts"
        "enforced"
        "exposure"
        "reboot"
        "switch"
        "two-hosts"
      ]
    );
    actual = names (mapAttrs (_: test: test.containers) containers);
  };
  "no container is asked to be switched off" =
    let
      asks =
        name:
        builtins.match ".*[.](crash|shutdown|reboot|wait_for_shutdown)[(].*" (
          builtins.readFile (../machines/scripts + "/${name}.py")
        ) != null;
    in
    {
      expected = {
        containers = [ ];
        others = [
          "alerts-hosts"
          "reboot"
          "two-hosts"
        ];
      };
      actual = {
        containers = builtins.filter asks (attrNames containers);
        others = builtins.filter asks (attrNames nodes);
      };
    };
}
