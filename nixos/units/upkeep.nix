# What every back end gets, whoever writes its unit: its limits, being started again, and the garbage
# collector of a program in Go. own: its part of the settings.
own:
let
  backOff = import ./back-off.nix;
in
{
  environment = import ./go.nix;
  inherit (backOff) unitConfig;
  serviceConfig = import ./accounting.nix own // backOff.serviceConfig;
}
