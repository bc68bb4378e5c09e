# The machines of each test, as the values that `services.hello-observability` is given: the NixOS
# test hands them to the module, the Debian machine is rendered from them.
let
  all = {
    machine = {
      enable = true;
    };
  };
in
{
  order-flow = all;
}
