"""The driver of the machine tests on a Debian host: the words of the NixOS test driver, spoken to
systemd-nspawn machines.

`command_line` reads what is asked for, `base_tree` and `programs` prepare what every machine
needs, `render` asks Nix what each machine shall be, `network` and `machine` make it (`kernel` and
`virtual_machine` for a test that needs a kernel of its own), `words` are what a script says to it,
`script` runs a test, `report` tells the outcome. All of it happens in namespaces of its own
(`isolation`), so that nothing is left behind, however a run ends.
"""
