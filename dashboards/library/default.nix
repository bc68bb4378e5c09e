# All of the library, under one name.
{
  dashboard = import ./dashboard.nix;
  panels = import ./panels.nix;
  targets = import ./targets.nix;
  links = import ./links.nix;
  numbers = import ./numbers.nix;
  variables = import ./variables.nix;
}
