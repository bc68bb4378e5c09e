# The machine of the demonstration on a Debian host, without traffic and with it; see nodes.nix.
let
  hello-observability = {
    enable = true;
    anomalyDetector.enable = true;
    faults.enable = true;
    # Who learns asks each service by hand.
    identity.source = "none";
    frontend.jaegerUrl = "http://127.0.0.1:16686";
    frontend.grafanaUrl = "http://127.0.0.1:3000";
  };
in
{
  demo = { inherit hello-observability; };
  demo-load.hello-observability = hello-observability // {
    loadGenerator.enable = true;
  };
}
