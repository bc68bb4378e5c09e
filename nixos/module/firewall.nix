# The firewall: closed but for what was asked.
{ config, ... }:
{
  networking.firewall = import ../firewall.nix config.services.hello-observability;
}
