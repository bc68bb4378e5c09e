#!/usr/bin/env bash
# Makes the Debian tree that every machine starts from: base-tree.sh FOLDER SUITE. Each change of
# this file makes a new tree at the next run.
set -euo pipefail
tree=$1 suite=$2

packages=(
  systemd systemd-sysv dbus libnss-systemd
  prometheus prometheus-alertmanager prometheus-node-exporter
  # What NixOS has on every machine too, for the scripts to ask with.
  curl iproute2 iputils-ping jq procps
  # Slows the disk of one service, for a scenario.
  strace
  # A mail server in a few lines, and a receiver of webhooks.
  python3 python3-aiosmtpd
  # Renders the units, so that the host needs no Nix.
  nix-bin
)
debootstrap --variant=minbase "$suite" "$tree"
# By apt, as debootstrap knows no virtual packages, on which some of these depend.
DEBIAN_FRONTEND=noninteractive chroot "$tree" \
  apt-get install --yes --quiet --no-install-recommends \
  --option Dpkg::Options::=--force-unsafe-io "${packages[@]}"

cd "$tree"
# Machines run what is rendered for them and nothing that Debian starts by itself: no timers, no
# login, none of the packages' own services (a script in init.d would become one as well).
rm -rf etc/systemd/system/*.wants etc/init.d usr/lib/systemd/system/timers.target.wants
rm -f usr/lib/systemd/system/{prometheus,nix-daemon}*
# A folder of the packages' own would have to be moved for a unit with a user of its own.
rm -rf var/lib/prometheus
for unit in getty.target systemd-logind.service; do
  ln -s /dev/null "etc/systemd/system/$unit"
done
ln -sf /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target

# Every machine brings its own name, neighbours and identity; there are no name servers.
rm -f etc/{hostname,hosts,machine-id,resolv.conf} var/lib/dbus/machine-id
# Keeps the journal over a reboot.
mkdir -p var/log/journal
rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/*.log usr/share/{doc,man,locale,info}
# Nothing is to be brought up to date at the first boot.
touch usr etc/.updated var/.updated
