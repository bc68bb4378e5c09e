# The address of the project, as Cargo's manifest has it.
(builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace.package.repository
