# A host with the whole system, in one file. On a machine that was installed as the NixOS manual
# shows (UEFI, disks labelled "nixos" and "boot"):
#
#   $ sudo nixos-rebuild switch --flake .#shop
#
# Then the page is at http://127.0.0.1:3001. On another machine, put your hardware-configuration.nix
# in place of the lines about disks and boot loader.
{
  inputs = {
    # Where this project lies: github:OWNER/REPOSITORY, git+https://..., or path:/a/folder.
    hello-observability.url = "github:OWNER/hello-observability";
    # The release with which the project was tested.
    nixpkgs.follows = "hello-observability/nixpkgs";
  };

  outputs =
    { nixpkgs, hello-observability, ... }:
    {
      nixosConfigurations.shop = nixpkgs.lib.nixosSystem {
        modules = [
          hello-observability.nixosModules.default
          {
            services.hello-observability = {
              enable = true;
              # Traffic to look at; a host that sells for real has none.
              loadGenerator.enable = true;
            };

            networking.hostName = "shop";
            nixpkgs.hostPlatform = "x86_64-linux";
            system.stateVersion = "26.05";

            boot.loader.systemd-boot.enable = true;
            fileSystems."/" = {
              device = "/dev/disk/by-label/nixos";
              fsType = "ext4";
            };
            fileSystems."/boot" = {
              device = "/dev/disk/by-label/boot";
              fsType = "vfat";
              options = [ "umask=0077" ];
            };

            # Who may log in. The password is "change-me" until `passwd` has set another.
            users.users.operator = {
              isNormalUser = true;
              extraGroups = [ "wheel" ];
              initialPassword = "change-me";
            };
          }
        ];
      };
    };
}
