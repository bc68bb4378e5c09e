#!/usr/bin/env bash
# Installs a kernel of its own into a layer over the Debian tree: kernel.sh ROOT. Each change of
# this file makes a new layer at the next run that needs one.
set -euo pipefail
root=$1

# All that a virtual machine needs before it has its disk.
mkdir -p "$root"/{etc/initramfs-tools/conf.d,usr/share/initramfs-tools/modules.d}
echo 'MODULES=list' >"$root/etc/initramfs-tools/conf.d/machine"
printf '%s\n' virtio_pci virtio_blk virtio_console ext4 >"$root/usr/share/initramfs-tools/modules.d/machine"

cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
mount --rbind /proc "$root/proc"
apt() {
  DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get --yes --quiet \
    --option Dpkg::Options::=--force-unsafe-io "$@"
}
apt update
apt install --no-install-recommends linux-image-cloud-amd64
umount --recursive --lazy "$root/proc"

cd "$root"
# As in the tree below: nothing starts that was not rendered, and there are no name servers.
rm -rf etc/systemd/system/*.wants etc/init.d etc/resolv.conf
rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/*.log usr/share/{doc,man,locale,info}
