# The rules of Prometheus: one file a concern, { <file> = { groups }; }. Valid in 2.42 and later, and
# in 3.x. An expression names metrics of ../../../services, or records of the files here.
cfg:
builtins.mapAttrs (_: file: { groups = import file cfg; }) {
  recording = ./recording.nix;
  objectives = ./objectives.nix;
  bands = ./bands.nix;
  anomalies = ./anomalies.nix;
  shop = ./shop.nix;
  parts = ./parts.nix;
  hosts = ./hosts.nix;
  telemetry = ./telemetry.nix;
}
