# The system as a flake: its packages, the NixOS module, the demonstration's VM, and every check.
{
  description = "Small shop on plain systemd in which every request can be followed";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    # For the package of Promtail, and nothing else: nixos-25.11 is the last release that has it
    # (upstream ended its life in March 2026), built with the journal, in the public binary cache.
    nixpkgs-promtail.url = "github:NixOS/nixpkgs/nixos-25.11";
  };

  outputs =
    {
      self,
      nixpkgs,
      nixpkgs-promtail,
    }:
    let
      inherit (nixpkgs) lib;
      eachSystem =
        f:
        lib.genAttrs [
          "x86_64-linux"
          # Without Jaeger, whose makers' release is packaged for x86_64 alone.
          "aarch64-linux"
        ] (system: f nixpkgs.legacyPackages.${system});
      packagesIn =
        pkgs:
        import ./nixos/packages {
          inherit pkgs;
          inherit
            (import nixpkgs-promtail {
              inherit (pkgs.stdenv.hostPlatform) system;
              config = { };
            })
            promtail
            ;
          tests = lib.filterAttrs (
            name: _: lib.hasPrefix "machines-" name
          ) self.checks.${pkgs.stdenv.hostPlatform.system};
        };
    in
    {
      packages = eachSystem packagesIn;

      # All under one name, so that no package of nixpkgs is replaced.
      overlays.default = final: _: { hello-observability = packagesIn final; };

      # The module with its packages, whatever overlays the host has.
      nixosModules.default =
        { lib, pkgs, ... }:
        let
          own = self.packages.${pkgs.stdenv.hostPlatform.system};
        in
        {
          # A host may get it from two of its own modules: by this name it counts once. Two revisions of it are
          # two, and refused: each declares the options.
          key = "${self}#nixosModules.default";
          _file = ./flake.nix;
          _class = "nixos";
          imports = [ ./nixos ];
          services.hello-observability = {
            package = lib.mkDefault own.services;
            page = lib.mkDefault own.page;
            promtail.package = lib.mkDefault own.promtail;
            jaeger.package = lib.mkDefault (own.jaeger or null);
          };
        };

      # `nix run` starts the demonstration in a VM, `nix run .#vm-headless` without a window.
      apps = eachSystem (
        pkgs:
        let
          demo = import ./nixos/demo/programs.nix {
            inherit pkgs;
            inherit (lib) nixosSystem;
            module = self.nixosModules.default;
          };
          app = program: {
            type = "app";
            program = lib.getExe program;
            meta = { inherit (program.meta) description; };
          };
        in
        {
          default = app demo.vm;
          vm-headless = app demo.vm-headless;
        }
      );

      checks = eachSystem (pkgs: import ./nixos/checks { inherit self nixpkgs pkgs; });

      # The machines' tests as containers, for a builder without KVM: nix build .#containers.order-flow
      legacyPackages = eachSystem (pkgs: {
        inherit
          (import ./tests/machines {
            inherit pkgs;
            module = self.nixosModules.default;
          })
          containers
          ;
      });

      devShells = eachSystem (pkgs: {
        default = pkgs.mkShell { packages = import ./nixos/packages/tools.nix pkgs; };
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);

      templates.default = {
        path = ./nixos/template;
        description = "A host with the whole system, in one file";
      };
    };
}
