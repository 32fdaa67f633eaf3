"""Local checks are read as Check_MK's manual has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.sources.checks.local_format import parse_local_line, parse_local_output
from vedette_agent.sources.checks.values import Bounds, CheckResult, Measure, State

CASES = [
    ("0 my_service - all well", CheckResult("my_service", State.OK, [], "all well")),
    ("3 x -", CheckResult("x", State.UNKNOWN, [])),
    ('1 "My service" v=5 text', CheckResult("My service", State.WARN, [Measure("v", 5.0)], "text")),
    (
        "2 Disk used=90;80;85;0;100|free=10 nearly full",
        CheckResult(
            "Disk",
            State.CRIT,
            [
                Measure("used", 90.0, "", Bounds(None, 80.0), Bounds(None, 85.0), 0.0, 100.0),
                Measure("free", 10.0),
            ],
            "nearly full",
        ),
    ),
    (
        r"0 x - summary\nmore\nand more",
        CheckResult("x", State.OK, [], "summary\nmore\nand more"),
    ),
    ("cached(1700000000,300) 0 x - y", CheckResult("x", State.OK, [], "y", 1_700_000_000.0, 300.0)),
    (
        "P x v=10;20;30 y",
        CheckResult("x", State.OK, [Measure("v", 10.0, "", Bounds(None, 20.0), Bounds(None, 30.0))], "y"),
    ),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_lines(line: str, expected: CheckResult) -> None:
    assert parse_local_line(line) == expected


@pytest.mark.parametrize(
    ("measure", "state"),
    [
        ("v=19;20;30", State.OK),
        ("v=20;20;30", State.WARN),
        ("v=30;20;30", State.CRIT),
        ("v=5;5:20;2:30", State.OK),
        ("v=4;5:20;2:30", State.WARN),
        ("v=1;5:20;2:30", State.CRIT),
        ("v=30;;30", State.CRIT),
        ("v=29;;30", State.OK),
        ("v=5", State.OK),
        ("v=5;1;9|w=9;1;9", State.CRIT),
        ("v=-1;0:;", State.WARN),
    ],
)
def test_levels_make_the_state(measure: str, state: State) -> None:
    assert parse_local_line(f"P x {measure} text").state is state


def test_a_critical_level_alone_is_the_warning_level_too() -> None:
    (measure,) = parse_local_line("P x v=1;;30").measures
    assert measure.warn == measure.crit == Bounds(None, 30.0)


def test_lines_that_are_none_are_complained_about() -> None:
    results, complaints = parse_local_output("0 a - x\n\n5 b - y\n0 c v=x z\n0 d - fine\n")
    assert [result.name for result in results] == ["a", "d"]
    assert complaints == [
        "line 3: '5 b - y' is not STATE NAME PERFDATA TEXT",
        "line 4: could not convert string to float: 'x'",
    ]


@given(st.text())
def test_any_text_is_read_or_complained_about(text: str) -> None:
    results, complaints = parse_local_output(text)
    assert len(results) + len(complaints) == sum(1 for line in text.splitlines() if line.strip())
