"""NixOS only: what a switch to another system does to what runs."""

start_all()
wait_for_shop(machine)
booted_system = machine.succeed("readlink -f /run/current-system").strip()


def switch(system: str) -> str:
    """Switches without a new entry in the boot loader; what was said meanwhile."""
    said = machine.succeed(f"{system}/bin/switch-to-configuration test 2>&1")
    log.info(said)
    return said


def pids() -> dict[str, str]:
    return {unit: main_pid(machine, unit) for unit in (*SERVICES, "prometheus")}


with subtest("a port that has moved is opened, the old one is closed, and who does not ask there goes on"):
    before = pids()
    switch(f"{booted_system}/specialisation/moved")
    machine.succeed("curl -sSf --max-time 10 http://127.0.0.1:18080/health")
    machine.fail("curl -sS --max-time 10 http://127.0.0.1:8080/health")
    assert buy(machine)[0] == 201
    after = pids()
    touched = {unit for unit in before if before[unit] != after[unit]}
    # Prometheus scrapes another port after a reload.
    assert touched == {"gateway-service", "frontend"}, touched
    switch(booted_system)
    machine.succeed("curl -sSf --max-time 10 http://127.0.0.1:8080/health")

with subtest("an upgrade stops no service before the new one can start, and refuses no connection"):
    before = pids()
    start_watchful_load(machine)
    said = switch(f"{booted_system}/specialisation/upgraded")
    end_watchful_load(machine)
    stopped = [line for line in said.splitlines() if line.startswith("stopping the following units")]
    for unit in (*SERVICES, "hello-observability-identity"):
        assert not any(unit in line for line in stopped), stopped
    after = pids()
    assert all(before[unit] != after[unit] for unit in SERVICES), (before, after)
    wait_for_shop(machine)
    status, order, trace_id = buy(machine)
    assert status == 201, order
    whole_trace(machine, trace_id)
