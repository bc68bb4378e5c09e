# Makes the entries of a SPIRE server those of a file: what is not in it goes, the rest is made or brought
# up to date.
#
#   spire-reconcile PROGRAM SOCKET FILE
set -eu
program=$1 socket=$2 file=$3
entry() {
  command=$1
  shift
  "$program" entry "$command" -socketPath "$socket" "$@"
}

present=$(entry show | sed -n 's/^Entry ID *: //p')
for id in $present; do
  grep -q "\"entry_id\":\"$id\"" "$file" || entry delete -entryID "$id"
done
# It makes those that are missing, and complains of the others.
entry create -data "$file" >/dev/null 2>&1 || true
entry update -data "$file" >/dev/null
