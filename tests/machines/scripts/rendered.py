"""Debian only: what was rendered is accepted by the programs that read it. On NixOS the same checks
run when the system is built."""

FOLDER = "/etc/hello-observability"
# Program, its check of a file, a break that it must find.
CHECKS = {
    "prometheus": ("promtool check config {}", "prometheus.yml", "scrape_configs", "scrapes"),
    "loki": ("/opt/programs/bin/loki -verify-config -config.file={}", "loki.yaml", "tsdb", "tsbd"),
    "promtail": ("/opt/programs/bin/promtail -check-syntax -config.file={}", "promtail.yaml", "journal", "jurnal"),
    "jaeger": ("/opt/programs/bin/jaeger validate --config={}", "jaeger.yaml", "badger", "bagder"),
}

start_all()
machine.wait_for_unit("multi-user.target")

with subtest("systemd accepts each unit without a word"):
    units = machine.succeed("ls /usr/local/lib/systemd/system | grep -E '[.](service|socket)$'").split()
    assert len(units) >= 10, units
    said = machine.succeed(f"systemd-analyze verify --man=no {' '.join(units)} 2>&1")
    assert said.strip() == "", said

for program, (check, name, word, wrong) in CHECKS.items():
    if program in missing_programs:
        skip("the check of its configuration", program)
        continue
    with subtest(f"{program} accepts its configuration, and not a broken one"):
        machine.succeed(check.format(f"{FOLDER}/{name}"))
        machine.succeed(f"sed 's/{word}/{wrong}/g' {FOLDER}/{name} >/tmp/{name}")
        machine.fail(check.format(f"/tmp/{name}"))
