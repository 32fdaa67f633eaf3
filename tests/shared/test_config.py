"""A configuration is loaded whole or refused with one line that names the file, the key and the fix."""

from pathlib import Path

import msgspec
import pytest

from vedette_shared.config import Duration, Size, load_config, merge_config
from vedette_shared.errors import ConfigError


class Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    interval: Duration = Duration(15_000)
    spool: Size = Size(2**20)
    folder: Path = Path("/var")

    def __post_init__(self) -> None:
        if self.interval <= 0:
            raise ValueError("interval must be longer than 0s")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    push: Push | None = None
    targets: tuple[Push, ...] = ()
    labels: dict[str, str] = msgspec.field(default_factory=dict)


REFUSED = [
    ({"pusch": {}}, "b.toml: pusch: unknown key; did you mean push?"),
    ({"zzz": 1}, "b.toml: zzz: unknown key; the keys known here are labels, push, targets"),
    ({"push": {"url": "x", "intervall": "1s"}}, "b.toml: push.intervall: unknown key; did you mean interval?"),
    ({"push": {}}, "b.toml: push.url: this key is required"),
    ({"push": {"url": 3}}, "b.toml: push.url: expected str, got int"),
    (
        {"push": {"url": "x", "interval": "5x"}},
        "b.toml: push.interval: '5x' is not a duration; write it like 15s, 5m, 1h30m or 250ms",
    ),
    (
        {"push": {"url": "x", "interval": 5}},
        'b.toml: push.interval: 5 is not a duration; write it as a text, like "15s"',
    ),
    (
        {"push": {"url": "x", "spool": "5 apples"}},
        "b.toml: push.spool: '5 apples' is not a size; write it like 512MiB or 2GB",
    ),
    ({"targets": [{"url": "x", "interval": "0s"}]}, "b.toml: targets[1]: interval must be longer than 0s"),
    ({"targets": [{"url": "x", "foldr": "/"}]}, "b.toml: targets[1].foldr: unknown key; did you mean folder?"),
    ({"labels": {"rack": 7}}, "b.toml: labels[...]: expected str, got int"),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_refuses(document: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        merge_config(Settings, [("a.toml", {"targets": [{"url": "first"}]}), ("b.toml", document)])
    assert str(caught.value) == message


def test_drop_ins_lie_over_the_file_in_the_order_of_their_names(tmp_path: Path) -> None:
    drop_ins = tmp_path / "settings.d"
    drop_ins.mkdir()
    main = tmp_path / "settings.toml"
    main.write_text('[push]\nurl = "http://a"\ninterval = "30s"\n[[targets]]\nurl = "one"\n')
    (drop_ins / "20.toml").write_text('[push]\nurl = "http://c"\nspool = "64KiB"\n')
    (drop_ins / "10.toml").write_text('[push]\nurl = "http://b"\n[[targets]]\nurl = "two"\n[labels]\nrack = "7"\n')
    (drop_ins / "ignored.txt").write_text("not TOML at all")
    assert load_config(Settings, main, drop_ins) == Settings(
        push=Push(url="http://c", interval=Duration(30_000), spool=Size(65_536)),
        targets=(Push(url="one"), Push(url="two")),
        labels={"rack": "7"},
    )


def test_without_files_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(Settings, None, tmp_path / "absent.d") == Settings()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Settings, tmp_path / "settings.toml")
    assert str(caught.value) == f"{tmp_path}/settings.toml: cannot be read: No such file or directory"


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("push = \n")
    with pytest.raises(ConfigError) as caught:
        load_config(Settings, file)
    assert str(caught.value) == f"{file}: not valid TOML: Invalid value (at line 1, column 8)"
