"""From what a device answers to metrics: indexes, labels, types, scales."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette_agent.snmp.ber import encode_arcs, parse_oid
from vedette_agent.snmp.declarations import BUILT_IN, Module, Table, load_modules
from vedette_agent.snmp.families import scalar_families, table_families
from vedette_agent.snmp.message import GAUGE32, Binding, Value
from vedette_shared.config import merge_config
from vedette_shared.labels import format_series
from vedette_shared.metrics import MetricFamily, MetricType

TABLE = "1.3.6.1.4.1.99999.2.1"
NOWHERE = Path("/nonexistent")


def table(**declared: Any) -> Table:
    """A table whose columns are told by their last number."""
    for item in [*declared["metrics"], *declared.get("lookups", ())]:
        item["oid"] = f"{TABLE}.{item['oid']}"
    return merge_config(Module, [("module.toml", {"walk": [declared]})]).walk[0]


def series(table: Table, columns: Mapping[int, Mapping[tuple[int, ...], Value]]) -> dict[str, float]:
    """What comes of the values of columns by index, as series that people read."""
    walked: dict[bytes, list[Binding]] = {column: [] for column in table.columns}
    for number, values in columns.items():
        column = parse_oid(f"{TABLE}.{number}")
        walked[column] = [Binding(column + encode_arcs(index), GAUGE32, value) for index, value in values.items()]
    return {
        sample.name + format_series(sample.labels): sample.value
        for family in table_families(table, walked)
        for sample in family.samples
    }


INDEXES: list[tuple[list[dict[str, object]], tuple[int, ...], str]] = [
    ([{"label": "a"}], (7,), 'm{a="7"}'),
    ([{"label": "a"}, {"label": "b"}], (7, 8), 'm{a="7", b="8"}'),
    ([{"label": "a", "type": "text"}, {"label": "b"}], (2, 104, 105, 8), 'm{a="hi", b="8"}'),
    ([{"label": "a", "type": "text", "size": 2}, {"label": "b"}], (104, 105, 8), 'm{a="hi", b="8"}'),
    ([{"label": "a"}, {"label": "b", "type": "text", "implied": True}], (7, 104, 105), 'm{a="7", b="hi"}'),
    ([{"label": "a", "type": "mac"}], (2, 0, 0, 0, 0, 171), 'm{a="02:00:00:00:00:AB"}'),
    ([{"label": "a", "type": "ip"}, {"label": "b"}], (10, 0, 0, 1, 3), 'm{a="10.0.0.1", b="3"}'),
    ([{"label": "a", "type": "oid"}], (3, 1, 300, 6), 'm{a="1.300.6"}'),
    ([{"label": "a", "enum": {"7": "volts"}}, {"label": "b", "enum": {"7": "volts"}}], (7, 8), 'm{a="volts", b="8"}'),
]


@pytest.mark.parametrize(("index", "arcs", "expected"), INDEXES)
def test_indexes(index: list[dict[str, object]], arcs: tuple[int, ...], expected: str) -> None:
    declared = table(index=index, metrics=[{"name": "m", "oid": 1}])
    assert series(declared, {1: {arcs: 5}}) == {expected: 5.0}


@pytest.mark.parametrize("arcs", [(), (7, 8), (7, 8, 9, 10), (200, 1)])
def test_a_row_whose_index_does_not_fit_is_left_out(arcs: tuple[int, ...]) -> None:
    index = [{"label": "a", "type": "text"}, {"label": "b"}]
    assert series(table(index=index, metrics=[{"name": "m", "oid": 1}]), {1: {arcs: 5, (1, 104, 3): 6}}) == {
        'm{a="h", b="3"}': 6.0
    }


VALUES: list[tuple[dict[str, object], Value, dict[str, float]]] = [
    ({}, 5, {'m{a="1"}': 5.0}),
    ({}, b"21.5", {'m{a="1"}': 21.5}),
    ({}, b"n/a", {}),
    ({}, None, {}),
    ({"scale": 0.1}, 123, {'m{a="1"}': 12.3}),
    ({"scale": 0.001, "offset": -273.15}, 300_000, {'m{a="1"}': 26.85}),
    ({"scale": 1000}, 2, {'m{a="1"}': 2000.0}),
    ({"type": "counter"}, 2**53 + 7, {'m{a="1"}': 7.0}),
    ({"type": "gauge"}, 2**53 + 8, {'m{a="1"}': 2.0**53 + 8}),
    ({"type": "text"}, b"fan\0", {'m{a="1", m="fan"}': 1.0}),
    ({"type": "text"}, b"\xffx", {'m{a="1", m="�x"}': 1.0}),
    ({"type": "mac"}, b"\2\0\0\0\0\1", {'m{a="1", m="02:00:00:00:00:01"}': 1.0}),
    ({"type": "mac"}, b"", {'m{a="1", m="00:00:00:00:00:00"}': 1.0}),
    ({"type": "ip"}, b"\x0a\0\0\1", {'m{a="1", m="10.0.0.1"}': 1.0}),
    ({"type": "hex"}, b"\xab\1", {'m{a="1", m="0xAB01"}': 1.0}),
    ({"type": "oid"}, parse_oid("1.3.6.1.4"), {'m{a="1", m="1.3.6.1.4"}': 1.0}),
    ({"type": "enum_info", "enum": {"1": "up"}}, 1, {'m_info{a="1", m="up"}': 1.0}),
    ({"type": "enum_info", "enum": {"1": "up"}}, 9, {'m_info{a="1", m="9"}': 1.0}),
    (
        {"type": "enum_states", "enum": {"1": "up", "2": "down"}},
        2,
        {'m{a="1", m="up"}': 0.0, 'm{a="1", m="down"}': 1.0},
    ),
    (
        {"type": "enum_states", "enum": {"1": "up"}},
        3,
        {'m{a="1", m="up"}': 0.0, 'm{a="1", m="3"}': 1.0},
    ),
    (
        {
            "type": "text",
            "extract": [
                {"regex": r"(\d+) rpm"},
                {"regex": r"fast", "value": "9000"},
                {"regex": r".* (\d+)%.*", "suffix": "Percent"},
            ],
        },
        b"1200 rpm",
        {'m{a="1"}': 1200.0},
    ),
    (
        {"type": "text", "extract": [{"regex": "slow|fast", "value": "9"}, {"regex": "(f).*", "suffix": "S"}]},
        b"fast",
        {'m{a="1"}': 9.0},
    ),
]


@pytest.mark.parametrize(("metric", "value", "expected"), VALUES)
def test_values(metric: dict[str, object], value: Value, expected: dict[str, float]) -> None:
    declared = table(index=[{"label": "a"}], metrics=[{"name": "m", "oid": 1, **metric}])
    assert series(declared, {1: {(1,): value}}) == pytest.approx(expected, rel=1e-15)


def test_lookups() -> None:
    """A label out of a column of the same index, of a part of it, and through a table of texts; where there is one."""
    declared = table(
        index=[{"label": "unit"}, {"label": "port"}],
        lookups=[
            {"label": "name", "oid": 2},
            {"label": "model", "oid": 3, "by": ["unit"]},
            {"label": "kind", "oid": 4, "enum": {"1": "copper"}},
        ],
        metrics=[{"name": "m", "oid": 1}],
        drop=["unit"],
    )
    columns: dict[int, dict[tuple[int, ...], Value]] = {
        1: {(1, 7): 5, (2, 8): 6, (300, 9): 7},
        2: {(1, 7): b"p7", (2, 8): b""},
        3: {(1,): b"M1", (300,): b"M300"},
        4: {(1, 7): 1, (2, 8): 2},
    }
    assert series(declared, columns) == {
        'm{kind="copper", model="M1", name="p7", port="7"}': 5.0,
        'm{kind="2", port="8"}': 6.0,
        'm{model="M300", port="9"}': 7.0,
    }


def test_rows_whose_names_are_the_same() -> None:
    """Keep the index that tells them apart, though it is to be dropped."""
    declared = table(
        index=[{"label": "port"}],
        lookups=[{"label": "name", "oid": 2}],
        metrics=[{"name": "m", "oid": 1}, {"name": "n", "oid": 3}],
        drop=["port"],
    )
    columns: dict[int, dict[tuple[int, ...], Value]] = {
        1: {(1,): 5, (2,): 6, (3,): 7},
        2: {(1,): b"up", (2,): b"up"},
        3: {(2,): 8},
    }
    assert series(declared, columns) == {
        'm{name="up"}': 5.0,
        'm{name="up", port="2"}': 6.0,
        "m{}": 7.0,
        'n{name="up", port="2"}': 8.0,
    }


def test_sensors_of_entities() -> None:
    """Scale and precision, which a device tells beside the value, are applied."""
    module = load_modules(("entity_sensor",), NOWHERE)["entity_sensor"]
    (sensors,) = module.walk
    rows = {
        "1.3.6.1.2.1.99.1.1.1.1": [8, 4],
        "1.3.6.1.2.1.99.1.1.1.2": [9, 8],
        "1.3.6.1.2.1.99.1.1.1.3": [1, 0],
        "1.3.6.1.2.1.99.1.1.1.4": [385, 3300],
        "1.3.6.1.2.1.47.1.1.1.1.7": [b"Inlet", b"PSU 1"],
    }
    columns: dict[bytes, list[Binding]] = {column: [] for column in sensors.columns}
    for text, values in rows.items():
        column = parse_oid(text)
        columns[column] = [Binding(column + bytes((row,)), 2, value) for row, value in enumerate(values, 1)]
    (family,) = table_families(sensors, columns)
    assert [(format_series(sample.labels), sample.value) for sample in family.samples] == [
        ('{entPhySensorType="celsius", entPhysicalIndex="1", entPhysicalName="Inlet"}', 38.5),
        ('{entPhySensorType="voltsDC", entPhysicalIndex="2", entPhysicalName="PSU 1"}', 3.3),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_a_device_tells(data: st.DataObject) -> None:
    """Never fails: a device that tells nonsense costs its own metrics."""
    name = data.draw(st.sampled_from(sorted(path.stem for path in BUILT_IN.glob("*.toml"))))
    module = load_modules((name,), NOWHERE)[name]
    values = st.one_of(st.none(), st.integers(-(2**71), 2**71), st.floats(), st.binary(max_size=20))
    rows = st.lists(
        st.tuples(st.binary(min_size=1, max_size=4).map(lambda raw: raw[:-1] + bytes((raw[-1] & 127,))), values)
    )
    for table in module.walk:
        columns = {
            column: [Binding(column + raw, 2, value) for raw, value in data.draw(rows)] for column in table.columns
        }
        list(table_families(table, columns))
    list(scalar_families(module, [Binding(metric.oid.encoded + b"\0", 2, data.draw(values)) for metric in module.get]))


def test_single_variables() -> None:
    """Those of a UPS, in whole units; those it lacks are left out."""
    module = load_modules(("ups",), NOWHERE)["ups"]
    bindings = [
        Binding(parse_oid("1.3.6.1.2.1.33.1.2.5.0"), 2, 545),
        Binding(parse_oid("1.3.6.1.2.1.33.1.1.2.0"), 4, b"UPS 3000"),
    ]
    found = {family.name: family for family in scalar_families(module, bindings)}
    assert list(found) == ["upsIdentModel", "upsBatteryVoltage"]
    expected = MetricFamily(
        "upsBatteryVoltage", MetricType.GAUGE, "The voltage of the battery, in volts - 1.3.6.1.2.1.33.1.2.5"
    )
    expected.add(54.5)
    assert found["upsBatteryVoltage"] == expected
    assert [format_series(s.labels) for s in found["upsIdentModel"].samples] == ['{upsIdentModel="UPS 3000"}']
