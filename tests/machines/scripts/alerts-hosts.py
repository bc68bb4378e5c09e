"""Long: A host that is dead is told once, and neither its parts nor what customers feel of it besides; a disk that
is full is told before nothing can be stored."""

# Its services have no identities; see nodes.nix.
SERVICES.update(PLAIN)

start_all()
start_receivers(observability)
wait_for_shop(shop)
wait_for_back_ends(observability)
eventually(
    "the other host is watched",
    lambda: metric(observability, 'sum(up{instance=~"shop:.+"})'),
    lambda targets: targets >= len(SERVICES) + 1,
)

with subtest("a disk that is full"):
    begun = now(observability)
    observability.succeed("mkdir -p /var/lib/disk && mount -t tmpfs -o size=4m tmpfs /var/lib/disk")
    observability.execute("cat /dev/zero >/var/lib/disk/filler")
    is_told(observability, "DiskFull", begun, 150, mountpoint="/var/lib/disk")
    over = now(observability)
    observability.succeed("umount /var/lib/disk")
    is_told(observability, "DiskFull", over, 180, status="resolved", mountpoint="/var/lib/disk")

with subtest("a host that is switched off is told, and silences its parts"):
    begun = now(observability)
    shop.crash()
    is_told(observability, "HostDown", begun, BOUND, host="shop")
    eventually(
        "what it explains fires, too",
        lambda: firing(observability),
        lambda alerts: alerts >= {"ServiceDown", "TargetMissing"},
        150,
    )
    # As long as a group waits for its next message.
    observability.sleep(35)
    for alert in ("ServiceDown", "TargetMissing"):
        assert not told(observability, alert, "firing", begun), alert

with subtest("back again, that is told as well"):
    over = now(observability)
    shop.start()
    wait_for_shop(shop)
    is_told(observability, "HostDown", over, 180, status="resolved", host="shop")
