"""Modules: those that Vedette brings, those of a folder, and one clear line for what is wrong with one."""

from pathlib import Path

import pytest

from vedette_agent.snmp.declarations import BUILT_IN, load_modules
from vedette_shared.errors import ConfigError

BUILT_IN_NAMES = tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))


def test_all_of_vedettes_own_are_sound(tmp_path: Path) -> None:
    """And no two metrics of a module have the same name."""
    assert "if_mib" in BUILT_IN_NAMES
    for name, module in load_modules(BUILT_IN_NAMES, tmp_path).items():
        metrics = [*module.get, *(metric for table in module.walk for metric in table.metrics)]
        names = [metric.name for metric in metrics]
        assert len(set(names)) == len(names), name
        assert all(metric.help for metric in metrics), name


def test_a_folder_goes_before(tmp_path: Path) -> None:
    (tmp_path / "ups.toml").write_text('[[get]]\nname = "x"\noid = "1.3.6.1"\n')
    module = load_modules(("ups",), tmp_path)["ups"]
    assert [(metric.name, str(metric.oid)) for metric in module.get] == [("x", "1.3.6.1")]


ERRORS = [
    ('[[get]]\nname = "x"', "get[0].oid: this key is required"),
    ('[[get]]\nname = "x"\noid = "ifInOctets"', "get[0].oid: 'ifInOctets' is not an object identifier; write it in"),
    ('[[get]]\nname = "a b"\noid = "1.3"', "get[0]: name = 'a b' is not a metric name"),
    ('[[get]]\nname = "x"\noid = "1.3"\ntype = "enum_info"', "get[0]: x: the type enum_info needs the table enum"),
    ('[[get]]\nname = "x"\noid = "1.3"\nextract = [{ regex = "(" }]', "get[0].extract[0].regex: '(' is not a regular"),
    ('[[get]]\nname = "x"\noid = "1.3"\nextract = [{ regex = "(a)" }]', 'get[0]: x: extract goes with type = "text"'),
    ('[[walk]]\nindex = [{ label = "a-b" }]\nmetrics = []', "walk[0].index[0]: label = 'a-b' is not a label name"),
    (
        '[[get]]\nname = "x"\noid = "1.3"\ntype = "text"\nextract = [{ regex = "a" }]',
        r"get[0].extract[0]: value = '\\1' does not go with the regex: ",
    ),
    (
        '[[get]]\nname = "x"\noid = "1.3"\npower = [{ oid = "1.3", times = 99 }]',
        "get[0].power[0]: times must be 1 or -1, and values at most 30",
    ),
    (
        '[[walk]]\nindex = [{ label = "a" }]\nmetrics = []\ndrop = ["b"]',
        "walk[0]: there is no index with the label 'b'; there are a",
    ),
    (
        '[[walk]]\nindex = [{ label = "a", type = "mac", enum = { 1 = "b" } }]\nmetrics = []',
        'walk[0].index[0]: a: enum goes with type = "integer"',
    ),
    ("[[walks]]", "walks: unknown key; did you mean walk?"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_errors(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_modules(("mine",), tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/mine.toml: {expected}")


def test_a_module_that_is_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")
    with pytest.raises(ConfigError) as caught:
        load_modules(("if_mibb",), tmp_path)
    assert str(caught.value) == (
        f"there is no SNMP module 'if_mibb'; there are {', '.join(sorted([*BUILT_IN_NAMES, 'mine']))},"
        f" and more can be put into {tmp_path}"
    )
