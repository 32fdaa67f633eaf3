"""What the programs of the controllers print, as metrics; and what of it is bad."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vedette_agent.errors import CollectorError
from vedette_agent.raid.arcconf import count_controllers, parse_arcconf
from vedette_agent.raid.families import raid_families
from vedette_agent.raid.md import parse_md
from vedette_agent.raid.report import RaidReport, part_of
from vedette_agent.raid.ssacli import parse_ssacli
from vedette_agent.raid.states import progress_of, state_of
from vedette_agent.raid.storcli import parse_storcli
from vedette_agent.raid.zpool import parse_zpool
from vedette_agent.sources.refresh import Refreshed
from vedette_shared.exposition import write_text

FIXTURES = Path(__file__).parent / "fixtures"
EP420I = "storcli-praid-ep420i"


def text(name: str) -> str:
    return (FIXTURES / name).read_text()


def storcli(change: Callable[[str], str] = lambda answer: answer) -> RaidReport:
    answers = (text(f"{EP420I}.json"), text(f"{EP420I}-disks.json"))
    return parse_storcli(*(change(answer).encode() for answer in answers))


REPORTS = {
    (EP420I, "storcli"): storcli,
    ("ssacli-p440ar", "ssacli"): lambda: parse_ssacli(text("ssacli-p440ar.txt")),
    ("arcconf-cerc", "arcconf"): lambda: RaidReport(parse_arcconf(text("arcconf-cerc.txt"), 1)),
    ("arcconf-asr8805", "arcconf"): lambda: RaidReport(parse_arcconf(text("arcconf-asr8805.txt"), 1)),
    ("zpool-degraded", "zpool"): lambda: parse_zpool(text("zpool-degraded.txt")),
}


def bad(report: RaidReport, tool: str) -> list[str]:
    """What is not fine, as an event would say."""
    return [
        f"{state.severity.value}: {part.title}: {aspect}: {state.text}".replace(": : ", ": ")
        for part in (part_of(unit, tool) for unit in report.units)
        for aspect, state in part.states.items()
        if state.severity.value != "info"
    ]


@pytest.mark.parametrize(("name", "tool"), REPORTS)
def test_page(name: str, tool: str) -> None:
    """Each recorded answer makes the page beside it; VEDETTE_WRITE_GOLDEN=1 writes it anew."""
    page = write_text(raid_families({tool: Refreshed(REPORTS[name, tool](), 0.0, 0.25)}))
    golden = FIXTURES / f"{name}.prom"
    if os.environ.get("VEDETTE_WRITE_GOLDEN"):
        golden.write_bytes(page)
    assert golden.read_bytes() == page


@pytest.mark.parametrize(
    ("name", "tool", "expected"),
    [
        (EP420I, "storcli", []),
        ("ssacli-p440ar", "ssacli", []),
        ("arcconf-cerc", "arcconf", []),
        (
            "arcconf-asr8805",
            "arcconf",
            [
                "warning: array 0 of arcconf controller 1 (RAID 10 esdata): Degraded, Rebuilding",
                "warning: disk 0,1 of arcconf controller 1 (Micron 5200 S2): Rebuilding",
                "critical: disk 0,1 of arcconf controller 1 (Micron 5200 S2): SMART alert: flagged",
            ],
        ),
        (
            "zpool-degraded",
            "zpool",
            [
                "critical: pool test: DEGRADED",
                "critical: array mirror-0 of pool test: DEGRADED",
                "critical: array spare-0 of pool test: DEGRADED",
                "critical: disk 16876260487220383698 of pool test: FAULTED",
            ],
        ),
    ],
)
def test_what_is_bad(name: str, tool: str, expected: list[str]) -> None:
    assert bad(REPORTS[name, tool](), tool) == expected


def test_degraded_megaraid() -> None:
    """A disk failed, its array degraded, the battery failed, a disk about to fail."""

    def worse(answer: str) -> str:
        answer = answer.replace('"State": "Optl"', '"State": "Dgrd"').replace('"State": "Optimal"', '"State": "Failed"')
        answer = answer.replace('"State": "Onln"', '"State": "Offln"', 1)
        return answer.replace('flagged by drive": "No"', 'flagged by drive": "Yes"', 1)

    assert bad(storcli(worse), "storcli") == [
        "critical: array 0/0 of storcli controller 0 (RAID6 1.745 TB): Dgrd",
        "critical: disk 252:0 of storcli controller 0 (Micron_5200_MTFDDAK960TDC SERIAL-A): Offln",
        "critical: disk 252:0 of storcli controller 0 (Micron_5200_MTFDDAK960TDC SERIAL-A): SMART alert: flagged",
        "critical: battery bbu0 of storcli controller 0 (iBBU): Failed",
    ]


def test_plain_hba() -> None:
    """It has no arrays, and lists its disks elsewhere; the chip's temperature is misspelt."""
    answer = b"""{"Controllers": [{"Command Status": {"Controller": 0, "Status": "Success"}, "Response Data": {
        "Basics": {"Controller": 0, "Model": "SAS9300-8i", "Serial Number": "X"}, "Status": {"Controller Status": "OK"},
        "Version": {"Firmware Version": "16.00.10.00", "Driver Name": "mpt3sas"},
        "HwCfg": {"Backend Port Count": 8, "ROC temperature(Degree Celcius)": 47},
        "Physical Device Information": {"Drive /c0/e0/s1": [{"EID:Slt": "0:1", "DID": 9, "State": "JBOD"}],
            "Drive /c0/e0/s1 - Detailed Information": {"Drive /c0/e0/s1 State": {}}}}}]}"""
    report = parse_storcli(answer)
    values = {sample.name: sample.value for family in report.families for sample in family.samples}
    assert values == {
        "megaraid_controller_info": 1.0,
        "megaraid_temperature": 47.0,
        "megaraid_ports": 8.0,
        "megaraid_healthy": 1.0,
        "megaraid_physical_drives": 1.0,
        "megaraid_pd_info": 1.0,
    }
    assert bad(report, "storcli") == []


def test_degraded_smart_array() -> None:
    answer = text("ssacli-p440ar.txt")
    answer = answer.replace("Battery/Capacitor Status: OK", "Battery/Capacitor Status: Failed (Replace Batteries)")
    answer = answer.replace("Cache Status: OK", "Cache Status: Temporarily Disabled")
    answer = answer.replace(
        "         Status: OK\n         Unrec", "         Status: Recovering, 24% complete\n         Unrec"
    )
    answer = answer.replace("         Status: OK\n         Drive Type: Data Drive", "         Status: Rebuilding\n")
    report = parse_ssacli(answer)
    assert bad(report, "ssacli") == [
        "warning: cache of ssacli controller 0: Temporarily Disabled",
        "critical: battery of ssacli controller 0 (Batteries): Failed (Replace Batteries)",
        "warning: array 1 of ssacli controller 0 (RAID 1 279.4 GB): Recovering",
        "warning: disk 1I:1:1 of ssacli controller 0 (HP EG0300FBVFL SERIAL-1): Rebuilding",
        "warning: disk 1I:1:2 of ssacli controller 0 (HP EG0300FBVFL SERIAL-2): Rebuilding",
    ]
    assert [unit.progress for unit in report.units if unit.kind == "array"] == [0.24]


@pytest.mark.parametrize(
    ("parse", "answer", "problem"),
    [
        (lambda a: parse_storcli(a.encode()), "Segmentation fault", "storcli printed no JSON: 'Segmentation fault'"),
        (lambda a: parse_storcli(a.encode()), "[]", "storcli failed: without saying why"),
        (
            lambda a: parse_storcli(a.encode()),
            '{"Controllers": [{"Command Status": {"Status": "Failure", "Description": "Firmware is in fault"}}]}',
            "storcli failed: Firmware is in fault",
        ),
        (parse_ssacli, "\x00garbage\n", "ssacli told of no controller: '\\x00garbage'"),
        (lambda a: parse_arcconf(a, 1), "garbage", "arcconf told of no controller: 'garbage'"),
        (parse_zpool, "", "zpool told of no pool: ''"),
        (parse_md, "md0 : active raid1 sda[0]\n", "md0 has no count of blocks in mdstat"),
    ],
)
def test_not_understood(parse: Callable[[str], object], answer: str, problem: str) -> None:
    with pytest.raises(CollectorError) as caught:
        parse(answer)
    assert str(caught.value) == problem


def test_no_controllers() -> None:
    """The program is there, and nothing for it to ask: no fault."""
    assert parse_storcli((FIXTURES / "storcli-none.json").read_bytes()) == RaidReport()
    assert parse_ssacli("\nError: No controllers detected. Possible causes:\n") == RaidReport()
    assert parse_zpool("no pools available\n") == RaidReport()
    assert parse_md("Personalities : \nunused devices: <none>\n") == RaidReport()
    assert count_controllers("Controllers found: 0\n\nCommand completed successfully.") == 0


@pytest.mark.parametrize(
    ("line", "state", "severity", "progress"),
    [
        ("active raid1 sdb1[1] sda1[0]\n 100 blocks [2/2] [UU]", "optimal", "info", None),
        ("active raid1 sdb1[1](F) sda1[0]\n 100 blocks [2/1] [U_]", "degraded", "critical", None),
        (
            "active raid1 sdb1[2] sda1[0]\n 100 blocks [2/1] [U_]\n [=>..]  recovery = 25.0% (25/100) finish=1min",
            "degraded, rebuilding",
            "warning",
            0.25,
        ),
        (
            "active raid1 sdb1[1] sda1[0]\n 100 blocks [2/2] [UU]\n [=>..]  check = 50.0% (50/100) finish=1min",
            "checking",
            "info",
            0.5,
        ),
        ("inactive sdb1[1](S)\n 100 blocks", "inactive", "critical", None),
    ],
)
def test_kernel(line: str, state: str, severity: str, progress: float | None) -> None:
    (unit,) = parse_md(f"Personalities : [raid1]\nmd0 : {line}\n\nunused devices: <none>\n").units
    assert (unit.states[""].text, unit.states[""].severity.value, unit.progress) == (state, severity, progress)
    assert part_of(unit, "md").title == "array md0"


@pytest.mark.parametrize(
    ("told", "state", "severity", "progress"),
    [
        ("OK", "OK", "info", None),
        ("Onln", "Onln", "info", None),
        ("Interim Recovery Mode", "Interim Recovery Mode", "critical", None),
        ("Recovering, 3.5% complete", "Recovering", "warning", 0.035),
        ("Something of tomorrow", "Something of tomorrow", "warning", None),
    ],
)
def test_states(told: str, state: str, severity: str, progress: float | None) -> None:
    """What is not known is a warning: better looked at than overlooked."""
    assert (state_of(told).text, state_of(told).severity.value) == (state, severity)
    assert progress_of(told) == progress
