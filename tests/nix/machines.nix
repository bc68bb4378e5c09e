# The machines' tests as NixOS would run them, as far as they can be seen without nixpkgs: each kind
# from the same nodes, within bounds.
let
  # A test is what it was asked for.
  pkgs = {
    lib = { inherit (builtins) mapAttrs; };
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
  nodes = removeAttrs (import ../machines/nodes.nix) [
    "grafana-browser"
    "rendered"
  ];
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
  "each test ends within half an hour" = {
    expected = true;
    actual = all (test: test.globalTimeout <= 1800) (attrValues vms ++ attrValues containers);
  };
  "those whose machines stay on are container tests too, of the same nodes" = {
    expected = names (
      removeAttrs nodes [
        "alerts-hosts"
        "enforced"
        "exposure"
        "reboot"
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
