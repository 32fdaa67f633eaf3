"""``[[snmp]]``: what it takes, one clear line for what it does not, and secrets that stay secret."""

from pathlib import Path

import pytest

from vedette_agent.config import AgentConfig, load_agent_config
from vedette_agent.snmp.access import Access, read_access
from vedette_agent.sources.make import plan_sources
from vedette_shared.clock import SystemClock
from vedette_shared.errors import ConfigError


def load(folder: Path, text: str) -> AgentConfig:
    file = folder / "agent.toml"
    file.write_text(text)
    return load_agent_config(file)


V3 = '[[snmp]]\nhost = "s"\nversion = "3"\n'
ERRORS = [
    ("[[snmp]]", "snmp[0].host: this key is required"),
    ('[[snmp]]\nhost = "s"', "snmp[0]: one of community and community_file must be set"),
    ('[[snmp]]\nhost = "s"\ncommunity = ""', "snmp[0].community: this must be a text, and not empty"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\ncommunity_file = "f"', "snmp[0]: one of community and community_file"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\naddress = "a:b"', "snmp[0]: 'a:b' is not an address"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\nlabels = { host = "x" }', "snmp[0]: labels.host cannot be set here"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\ninterval = "0"', "snmp[0]: interval, timeout and answer_timeout must"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\nvalues = 0', "snmp[0]: retries must be 0 to 10, in_flight 1 to 16"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\nmodules = []', "snmp[0]: host must not be empty, and modules must name"),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\nmodules = "if_mib"', 'snmp[0]: modules = "if_mib" must be ["if_mib"]'),
    ('[[snmp]]\nhost = "s"\ncommunity = "c"\n' * 2, "top level: two devices of snmp have host = 's'"),
    (V3, 'snmp[0]: version = "3" needs user'),
    (V3 + 'user = "u"\nauth_protocol = "sha"', "snmp[0]: one of auth_password and auth_password_file must be set"),
    (V3 + 'user = "u"\npriv_protocol = "aes"', "snmp[0]: priv_protocol needs auth_protocol"),
    (
        V3 + 'user = "u"\nauth_protocol = "sha"\nauth_password = "short"',
        "snmp[0]: auth_password must have at least 8 bytes",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_errors(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/agent.toml: {expected}")
    assert "short" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("", ("sw1", 161)),
        ("10.0.0.2", ("10.0.0.2", 161)),
        ("10.0.0.2:1161", ("10.0.0.2", 1161)),
        ("switch.example", ("switch.example", 161)),
        ("fd00::2", ("fd00::2", 161)),
        ("[fd00::2]", ("fd00::2", 161)),
        ("[fd00::2]:1161", ("fd00::2", 1161)),
    ],
)
def test_addresses(tmp_path: Path, address: str, endpoint: tuple[str, int]) -> None:
    (device,) = load(tmp_path, f'[[snmp]]\nhost = "sw1"\ncommunity = "c"\naddress = "{address}"').snmp
    assert device.endpoint == endpoint


def test_secrets_of_files(tmp_path: Path) -> None:
    """The first line counts, and neither a configuration nor a session shows it."""
    for name, text in (("community", "t0p-secret\n"), ("auth", "auth-secret\n"), ("priv", "priv-secret\n")):
        (tmp_path / name).write_text(text)
    config = load(
        tmp_path,
        f'[[snmp]]\nhost = "a"\ncommunity_file = "{tmp_path}/community"\n[[snmp]]\nhost = "b"\nversion = "3"\n'
        f'user = "u"\nauth_protocol = "sha256"\nauth_password_file = "{tmp_path}/auth"\n'
        f'priv_protocol = "aes"\npriv_password_file = "{tmp_path}/priv"\n'
        '[[snmp]]\nhost = "c"\ncommunity = "in-the-open-secret"\n',
    )
    first, second, third = (read_access(device) for device in config.snmp)
    assert first.community is not None
    assert first.community.text == "t0p-secret"
    assert second.user is not None
    assert (second.user.auth_password, second.user.priv_password) == (b"auth-secret", b"priv-secret")
    assert third == Access(1, config.snmp[2].community)
    told = repr((config, first, second, third, plan_sources(config, SystemClock())))
    for secret in ("t0p-secret", "auth-secret", "priv-secret", "in-the-open-secret"):
        assert secret not in told


@pytest.mark.parametrize("content", [None, "short\n"])
def test_files_of_secrets_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    """Told when the configuration is read, with the name of the file."""
    if content is not None:
        (tmp_path / "auth").write_text(content)
    config = load(tmp_path, V3 + f'user = "u"\nauth_protocol = "sha"\nauth_password_file = "{tmp_path}/auth"')
    with pytest.raises(ConfigError, match=str(tmp_path / "auth")) as caught:
        plan_sources(config, SystemClock())
    assert "short" not in str(caught.value).removeprefix(str(tmp_path))


def test_a_reload_knows_what_has_changed(tmp_path: Path) -> None:
    """A device whose community or module is another one starts anew; one that is the same runs on."""
    (tmp_path / "community").write_text("one\n")
    (tmp_path / "mine.toml").write_text("")
    config = load(
        tmp_path,
        f'snmp_modules = "{tmp_path}"\n[[snmp]]\nhost = "a"\ncommunity_file = "{tmp_path}/community"\n'
        'modules = ["mine"]\n[[snmp]]\nhost = "b"\ncommunity = "c"\n',
    )

    def specs() -> dict[str, object]:
        return {plan.name: plan.spec for plan in plan_sources(config, SystemClock()) if plan.name.startswith("snmp:")}

    before = specs()
    assert specs() == before
    (tmp_path / "community").write_text("two\n")
    changed = specs()
    assert (changed["snmp:a"] == before["snmp:a"], changed["snmp:b"] == before["snmp:b"]) == (False, True)
    (tmp_path / "mine.toml").write_text('[[get]]\nname = "x"\noid = "1.3.6.1"\n')
    assert specs()["snmp:a"] != changed["snmp:a"]
