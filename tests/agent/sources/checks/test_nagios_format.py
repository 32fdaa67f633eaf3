"""Plugins are read as the guidelines of Nagios plugins have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.sources.checks.nagios_format import parse_plugin_output
from vedette_agent.sources.checks.values import NO_BOUNDS, Bounds, Measure, State

PERF = [
    ("users=4;5;10;0", [Measure("users", 4.0, "", Bounds(0.0, 5.0), Bounds(0.0, 10.0), 0.0)]),
    (
        "/=2643MB;5948;5958;0;5968",
        [
            Measure(
                "/", 2643 * 2**20, "B", Bounds(0.0, 5948 * 2**20), Bounds(0.0, 5958 * 2**20), 0.0, float(5968 * 2**20)
            )
        ],
    ),
    ("time=12ms;;;0", [Measure("time", 0.012, "s", minimum=0.0)]),
    (
        "rta=80us loss=0%;20;60",
        [Measure("rta", 80e-6, "s"), Measure("loss", 0.0, "%", Bounds(0.0, 20.0), Bounds(0.0, 60.0))],
    ),
    ("'a b'=1 'it''s'=2", [Measure("a b", 1.0), Measure("it's", 2.0)]),
    ("x=U y=1c", [Measure("y", 1.0, "c")]),
    ("x=5;10:20;~:30", [Measure("x", 5.0, "", Bounds(10.0, 20.0), Bounds(None, 30.0))]),
    ("x=5;10:;@1:2", [Measure("x", 5.0, "", Bounds(10.0, None), NO_BOUNDS)]),
    ("x=-1.5e3", [Measure("x", -1500.0)]),
    ("load=0,5;1,0", [Measure("load", 0.5, "", Bounds(0.0, 1.0))]),
    ("broken x=1;2;3 =4 y=", [Measure("x", 1.0, "", Bounds(0.0, 2.0), Bounds(0.0, 3.0))]),
    ("x=1;bad y=2", [Measure("y", 2.0)]),
]


@pytest.mark.parametrize(("perf", "expected"), PERF)
def test_performance_data(perf: str, expected: list[Measure]) -> None:
    result = parse_plugin_output("x", 0, f"OK | {perf}\n")
    assert list(result.measures) == expected


@pytest.mark.parametrize(
    ("code", "state"), [(0, State.OK), (1, State.WARN), (2, State.CRIT), (3, State.UNKNOWN), (77, State.UNKNOWN)]
)
def test_the_exit_code_is_the_state(code: int, state: State) -> None:
    assert parse_plugin_output("x", code, "text").state is state


def test_long_output_with_performance_data_twice() -> None:
    output = "DISK OK - free space: / 3326 MB | /=1;;;;\n/ 15272 MB\n/boot 68 MB | /boot=2\n/home=3\n"
    result = parse_plugin_output("disk", 0, output)
    assert result.text == "DISK OK - free space: / 3326 MB\n/ 15272 MB\n/boot 68 MB"
    assert [(measure.name, measure.value) for measure in result.measures] == [
        ("/", 1.0),
        ("/boot", 2.0),
        ("/home", 3.0),
    ]


def test_no_output() -> None:
    assert parse_plugin_output("x", 2, "").text == ""


@given(st.text())
def test_any_output_is_read(output: str) -> None:
    parse_plugin_output("x", 0, output)
