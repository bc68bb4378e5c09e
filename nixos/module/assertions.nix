# Refuses, before anything is built, what cannot work.
{ config, ... }:
{
  assertions = import ../assertions.nix config.services.hello-observability;
}
