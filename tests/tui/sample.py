"""A fleet to look at by hand: ``python -m tests.tui.sample --hosts 10000 --port 9470``, then ``vedette top``."""

from __future__ import annotations

import argparse
import random
import threading
from typing import Any

from tests.tui.fake_api import SEVERITIES, Fleet, make_event, make_host, make_service, serving

HOUR, DAY = 3_600_000, 86_400_000
LONG = (
    "97.3 % used, 1.81 TiB of 1.86 TiB; full in 3 h at the rate of the last hour; "
    "the largest folders are base and pg_wal"
)
# name, state, value, unit, upper, lower, age (ms), summary, further fields
SERVICES: tuple[tuple[Any, ...], ...] = (
    ("Host alive", "OK", 1, "", None, [1, 1], DAY, "last frame 3 s ago", {}),
    ("Filesystem /", "WARN", 81.2, "%", [80, 90], None, 65 * 60_000, "81.2 % used, 38.1 GiB of 46.9 GiB", {}),
    ("Filesystem /var/lib/pg", "CRIT", 97.3, "%", [80, 90], None, 190_000, LONG, {"hard": False, "attempt": 2}),
    ("Load", "OK", 0.42, "", [5, 10], None, 7 * DAY, "0.42 a core", {}),
    ("Memory", "OK", 31.5, "%", [80, 90], None, 7 * DAY, "31.5 % used of 15.6 GiB", {}),
    ("Network errors eth0", "OK", 0, "/s", [0.1, 1], None, DAY, "no errors", {}),
    ("Network traffic eth0", "OK", 12_345_678, "B/s", [80e6, 110e6], None, DAY, "in 11.8 MiB/s", {}),
    ("Temperature CPU1", "UNKNOWN", None, "°C", [80, 90], None, 600_000, "the BMC does not answer",
     {"stale": True, "graph": None}),
    ("Free space /data", "OK", 5.4e11, "B", None, [1e11, 5e10], DAY, "503 GiB free", {}),
    ("Clock offset", "OK", 0.00123, "s", [0.1, 1], None, DAY, "1.23 ms", {}),
)  # fmt: skip

EVENTS = (
    ("ipmi", "PS2 Status (Power Supply): input lost"),
    ("snmp", "linkDown: ifIndex 7, ifDescr TenGigE0/0/7 to spine-03.fra1.example.net"),
    ("disks", "sda (WDC WD4003FRYZ, V6G9AXYZ): health is FAILED, was PASSED"),
    ("node", "machine: bios_version is 2.0, was 1.9.2"),
)


def sample_services(host: str, now: int) -> list[dict[str, Any]]:
    """The services of a host to look at."""
    return [
        make_service(host, name, state, value=value, unit=unit, levels={"upper": upper, "lower": lower})
        | {"since": now - age, "last_check": now - 20_000, "summary": summary}
        | more
        for name, state, value, unit, upper, lower, age, summary, more in SERVICES
    ]


def sample_host(name: str, now: int, dice: random.Random) -> dict[str, Any]:
    """A host as chance has it: most are well."""
    luck = dice.random()
    away = {"load1": None, "memory_used_percent": None, "since": now - dice.randrange(60_000, 9_000_000)}
    if luck < 0.01:
        host = make_host(name, "DOWN", OK=3, CRIT=2, UNKNOWN=9, **away)
        return host | {"last_seen": host["since"] - 30_000}
    if luck < 0.015:
        return make_host(name, "UNREACH", UNKNOWN=14, **away) | {"last_seen": 0}
    trouble = {state: dice.randrange(3) for state in ("WARN", "CRIT", "UNKNOWN")} if luck > 0.93 else {}
    host = make_host(name, OK=14, **trouble, load1=round(dice.expovariate(0.8), 2))
    return host | {
        "memory_used_percent": round(dice.uniform(5, 97), 1),
        "last_seen": now - dice.randrange(15_000),
        "since": now - dice.randrange(30 * DAY),
    }


def sample_fleet(count: int) -> Fleet:
    """A fleet of ``count`` hosts to look at."""
    dice = random.Random(7)
    fleet = Fleet(lively=True)
    now = fleet.now()
    kinds = ("web", "db", "cache", "build", "gpu", "store")
    for number in range(count):
        name = f"{dice.choice(kinds)}{number:05d}.fra{number % 3 + 1}.example.net"
        fleet.hosts.append(sample_host(name, now, dice))
        fleet.services[name] = sample_services(name, now)
    for number in range(1, count + 1):
        source, text = dice.choice(EVENTS)
        host, severity = dice.choice(fleet.hosts)["host"], dice.choice(SEVERITIES)
        fleet.events.append(make_event(number, host, text, now - dice.randrange(DAY), source=source, severity=severity))
    return fleet


def main() -> None:
    """Serve a sample fleet until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=40)
    parser.add_argument("--port", type=int, default=9470)
    parser.add_argument("--curves", type=int, default=1)
    arguments = parser.parse_args()
    fleet = sample_fleet(arguments.hosts)
    fleet.curves = arguments.curves
    with serving(fleet, arguments.port) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
