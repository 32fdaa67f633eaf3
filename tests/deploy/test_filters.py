"""The filters of the roles: any variables become TOML that reads back as the same values."""

from __future__ import annotations

import importlib.util
import math
import tarfile
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ansible", reason="ansible-core is not installed: pip install ansible-core")

ROLES = Path(__file__).parents[2] / "ansible" / "roles"


def load_plugin() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "vedette_filters", ROLES / "vedette_release" / "filter_plugins" / "vedette.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


plugin = load_plugin()

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_round_trip(document: dict[str, Any]) -> None:
    """Whatever the document, TOML's own reader gives it back: nothing in a value can become a key or a table."""
    assert tomllib.loads(plugin.to_toml(document)) == document


def test_form() -> None:
    """Tables are written for people to read: values first, then tables, then arrays of tables."""
    document = {
        "push": {"url": "http://h1:9471"},
        "interval": "15s",
        "check": [{"name": "load", "upper": [1, 2.5], "override": [{"match": {"host": "db.*"}}]}, {"name": "up"}],
        "quoted key": True,
    }
    assert (
        plugin.to_toml(document)
        == """\
interval = "15s"
"quoted key" = true

[push]
url = "http://h1:9471"

[[check]]
name = "load"
upper = [1, 2.5]

[[check.override]]

[check.override.match]
host = "db.*"

[[check]]
name = "up"
"""
    )


def test_values_of_ansible() -> None:
    """Ansible hands over subclasses of str and int: they count as what they are, and cost no more."""

    class Number(int):
        pass

    class Text(str):
        __slots__ = ()

    assert plugin.to_toml({Text("a"): [Number(1), Text("b")]}) == 'a = [1, "b"]\n'


def test_hostile_text() -> None:
    """Quotes, line breaks and control characters stay inside the string."""
    text = 'x"\n[push]\nurl = "evil\\\x00\x7f\u2028'
    assert tomllib.loads(plugin.to_toml({"label": text})) == {"label": text}


def test_not_a_number() -> None:
    """The floats that are no numbers have a form of their own in TOML."""
    values = tomllib.loads(plugin.to_toml({"values": [math.nan, math.inf, -math.inf]}))["values"]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": {"b": None}}, "a.b: None has no form in TOML"),
        ({"a": [1, {"b": 2**63}]}, f"a.b: {2**63} has no form in TOML"),
        ({"a": "\ud800"}, "a: '\\ud800' is not valid Unicode"),
        (["a"], "a configuration is a mapping of keys to values, not ['a']"),
    ],
)
def test_no_form(document: object, message: str) -> None:
    """A value that TOML cannot hold is an error that names its key path."""
    with pytest.raises(plugin.AnsibleFilterError) as caught:
        plugin.to_toml(document)
    assert str(caught.value) == message


def test_without_unset() -> None:
    """Variables that nobody set leave no trace; what is empty on purpose stays."""
    document = {"push": {"url": None, "tls": {"ca": None}}, "labels": {}, "scrape": [], "a": {"b": 0, "c": None}}
    assert plugin.without_unset(document) == {"labels": {}, "scrape": [], "a": {"b": 0}}


def test_release_name(tmp_path: Path) -> None:
    """A release is named by its version and by all that goes into it, in whatever order the extras are given."""
    wheel, house, constraints = tmp_path / "vedette-1.2-py3-none-any.whl", tmp_path / "house", tmp_path / "constraints"
    wheel.write_bytes(b"wheel")
    house.mkdir()
    constraints.write_text("trio==0.30\n")

    def name(extras: str = "agent server", python: str = "3.11") -> str:
        text: str = plugin.release_name(str(wheel), extras.split(), python, str(house), str(constraints))
        return text

    first = name()
    assert first.startswith("1.2-")
    assert name("server agent") == first
    names = {first, name("agent"), name(python="3.12")}
    (house / "trio-0.30-py3-none-any.whl").touch()
    names.add(name())
    constraints.write_text("trio==0.31\n")
    names.add(name())
    wheel.write_bytes(b"another wheel")
    names.add(name())
    assert len(names) == 6


def test_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is packed once, and anew when its files are others."""
    folder, temporary = tmp_path / "house", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(plugin, "DEFAULT_LOCAL_TMP", str(temporary))
    (folder / "a.whl").write_bytes(b"a")
    first = plugin.packed(str(folder))
    assert plugin.packed(str(folder)) == first
    (folder / "b.whl").write_bytes(b"b")
    second = plugin.packed(str(folder))
    assert sorted(temporary.iterdir()) == sorted([Path(first), Path(second)])
    with tarfile.open(second) as tar:
        assert sorted(tar.getnames()) == [".", "./a.whl", "./b.whl"]


def test_release_name_of_no_wheel(tmp_path: Path) -> None:
    """A path that is no wheel, or is not there, is told with the variable or the path."""
    with pytest.raises(plugin.AnsibleFilterError, match="vedette_wheel: dist is not the name of a wheel"):
        plugin.release_name("dist", ["agent"], "3.11")
    with pytest.raises(plugin.AnsibleFilterError, match="cannot be read on the controlling machine: No such file"):
        plugin.release_name(str(tmp_path / "vedette-1.2-py3-none-any.whl"), ["agent"], "3.11")
