"""Debian only: what was rendered is accepted by the programs that read it. On NixOS the same checks
run when the system is built."""

FOLDER = "/etc/hello-observability"
# Program, its check of a file, a break that it must find.
CHECKS = {
    "prometheus": ("promtool check config {}", "prometheus.yml", "scrape_configs", "scrapes"),
    "alertmanager": ("amtool check-config {}", "alertmanager.yml", "receiver", "reciever"),
    "the rules": ("promtool check rules {}", "rules/shop.yml", "shop_stock_units", "shop_stock_units{"),
    "loki": ("/opt/programs/bin/loki -verify-config -config.file={}", "loki.yaml", "tsdb", "tsbd"),
    "promtail": ("/opt/programs/bin/promtail -check-syntax -config.file={}", "promtail.yaml", "journal", "jurnal"),
    "jaeger": ("/opt/programs/bin/jaeger validate --config={}", "jaeger.yaml", "badger", "bagder"),
}

# One after the other: together they are nine shops that begin, whose programs nobody here asks, and the
# tests beside this one would wait for a processor.
for one in machines:
    one.start()
    one.wait_for_unit("basic.target")

    with subtest(f"{one.name}: systemd accepts each unit without a word"):
        units = one.succeed("ls /usr/local/lib/systemd/system | grep -E '[.](service|socket|target|timer|slice)$'").split()
        assert len(units) >= 3, units
        said = one.succeed(f"systemd-analyze verify --man=no {' '.join(units)} 2>&1")
        assert said.strip() == "", said

    for program, (check, name, word, wrong) in CHECKS.items():
        if one.execute(f"test -e {FOLDER}/{name}")[0] != 0:
            continue
        with subtest(f"{one.name}: {program} accepts its configuration, and not a broken one"):
            one.succeed(check.format(f"{FOLDER}/{name}"))
            one.succeed(f"sed 's/{word}/{wrong}/g' {FOLDER}/{name} >/tmp/broken.yml")
            one.fail(check.format("/tmp/broken.yml"))
    one.crash()

for program in sorted(missing_programs & set(CHECKS)):
    skip("the check of its configuration", program)
