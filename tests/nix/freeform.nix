# A host's settings of Jaeger and Promtail go before ours, and leave what is beside them.
let
  given = import ../../nixos/debian/given.nix;
  jaeger =
    settings:
    import ../../nixos/config/jaeger.nix (given {
      jaeger = { inherit settings; };
    });
  promtail =
    settings:
    import ../../nixos/config/promtail.nix (given {
      promtail = { inherit settings; };
    });
in
{
  "a leaf is replaced, and its neighbours stay" = {
    expected = {
      timeout = "1s";
      send_batch_size = 1024;
      receivers = (jaeger { }).receivers;
    };
    actual =
      let
        changed = jaeger {
          processors.batch = {
            timeout = "1s";
            send_batch_size = 1024;
          };
        };
      in
      changed.processors.batch // { inherit (changed) receivers; };
  };
  "a set that there was not is added" = {
    expected = {
      readline_rate = 10000;
    };
    actual = (promtail { limits_config.readline_rate = 10000; }).limits_config;
  };
  "a list is replaced as a whole" = {
    expected = [ "otlp" ];
    actual =
      (jaeger { service.pipelines.traces.receivers = [ "otlp" ]; }).service.pipelines.traces.receivers;
  };
  "null takes the place of a set" = {
    expected = null;
    actual = (promtail { positions = null; }).positions;
  };
  "nothing changes nothing" = {
    expected = "200ms";
    actual = (jaeger { }).processors.batch.timeout;
  };
}
