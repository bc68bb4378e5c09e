# Opens each socket anew whose address is another than when it was opened, and touches no other.
#   $1  what is to be listened on, a line "UNIT ADDRESS" for each socket
#   $2  the same of what is listened on; written anew once that is so
set -eu
wanted=$1 kept=$2
set --
while read -r unit address; do
  # Who is new here is started by its target, who is no longer named is stopped by the switch.
  # Who has been stopped opens at its new address when it is started.
  if grep -q "^$unit " "$kept" && ! grep -qxF "$unit $address" "$kept" &&
    [ "$(systemctl show --property ActiveState --value "$unit.socket")" != inactive ]; then
    set -- "$@" "$unit.socket" "$unit.service"
  fi
done <"$wanted"
if [ $# -gt 0 ]; then
  # All are closed before the first is opened: two may have swapped their addresses.
  systemctl stop "$@"
  systemctl start "$@"
fi
# Not cp, which would keep the mode of a file that nobody may write.
cat "$wanted" >"$kept"
