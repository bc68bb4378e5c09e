# Each alert is provoked for real on a machine, or stands in a list with the reason why it is not.
let
  cfg = import ../../nixos/debian/given.nix { enable = true; };
  groups =
    builtins.concatMap (file: file.groups) (builtins.attrValues (import ../../nixos/config/rules cfg))
    ++ (import ../../nixos/config/rules/logs.nix cfg).groups;
  set =
    names:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = null;
      }) names
    );
  alerts = set (
    map (rule: rule.alert) (
      builtins.filter (rule: rule ? alert) (builtins.concatMap (group: group.rules) groups)
    )
  );

  folder = ../machines/scripts;
  scripts = builtins.filter (file: builtins.match "alerts-.*[.]py" file != null) (
    builtins.attrNames (builtins.readDir folder)
  );
  # What a script waits for: is_told(MACHINE, "ALERT", ...).
  awaited =
    file:
    builtins.concatMap (part: if builtins.isList part then part else [ ]) (
      builtins.split "is_told[(][a-z]+, \"([A-Za-z]+)\"" (builtins.readFile (folder + "/${file}"))
    );
  # Fires from the first second on, and reaches the dead man's switch alone.
  provoked = set (builtins.concatMap awaited scripts ++ [ "Watchdog" ]);
  given = import ../machines/not-provoked.nix;

  none = actual: {
    expected = [ ];
    actual = builtins.attrNames actual;
  };
in
{
  "every alert is provoked on a machine, or has a reason not to be" = none (
    builtins.removeAttrs alerts (builtins.attrNames (provoked // given))
  );
  "no alert is both provoked and has a reason not to be" = none (
    builtins.intersectAttrs provoked given
  );
  "what is provoked, or has a reason not to be, is an alert" = none (
    builtins.removeAttrs (provoked // given) (builtins.attrNames alerts)
  );
}
