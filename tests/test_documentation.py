"""Every command, every option and every configuration key is told to users."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from vedette_agent.config import AgentConfig
from vedette_server.checks import Check, HostsConfig
from vedette_server.main.config import ServerConfig
from vedette_shared.command import SUBCOMMANDS, load_subcommand

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for folder in ("agent", "server", "ansible", "systemd") for path in (ROOT / folder).glob("*.md")),
]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
CODE = "\n".join(re.findall(r"(?s)```.*?```|`[^`\n]+`", TEXT))


def parsers(name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    pending = [(f"vedette {name}", load_subcommand(name).build_parser(f"vedette {name}"))]
    while pending:
        command, parser = pending.pop()
        yield command, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                pending += [(f"{command} {inner}", inner_parser) for inner, inner_parser in action.choices.items()]


def options() -> Iterator[tuple[str, str]]:
    for name in SUBCOMMANDS:
        for command, parser in parsers(name):
            yield command, command
            for action in parser._actions:
                for option in action.option_strings[-1:]:
                    if option != "--help":
                        yield command, option


def keys(kind: msgspec.inspect.Type, path: str) -> Iterator[str]:
    if isinstance(kind, msgspec.inspect.StructType):
        for field in kind.fields:
            here = f"{path}.{field.encode_name}" if path else field.encode_name
            yield here
            yield from keys(field.type, here)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for part in kind.types:
            yield from keys(part, path)
    elif isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        yield from keys(kind.item_type, path)
    elif isinstance(kind, msgspec.inspect.DictType):
        yield from keys(kind.value_type, path)


def config_keys() -> Iterator[tuple[str, str]]:
    for config, at in ((AgentConfig, ""), (ServerConfig, ""), (Check, "check"), (HostsConfig, "hosts")):
        for path in sorted(set(keys(msgspec.inspect.type_info(config), at))):
            yield config.__name__, path


@pytest.mark.parametrize(("command", "option"), sorted(set(options())))
def test_commands_and_options(command: str, option: str) -> None:
    """Each stands in code marks somewhere."""
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", CODE), f"{option} of {command} is not documented"


@pytest.mark.parametrize(("config", "path"), list(config_keys()))
def test_configuration_keys(config: str, path: str) -> None:
    """Each stands in code marks: by its dotted path, as a table, or as a key (and then its table does too)."""
    *tables, key = path.split(".")
    whole, table = re.escape(path), re.escape(".".join(tables))
    by_path = rf"`{whole}`|\[{whole}\]"
    by_key = rf"(?m:^#? ?{re.escape(key)} =)|`{re.escape(key)}`"
    assert re.search(f"{by_path}|{by_key}", CODE), f"{path} of {config} is not documented"
    assert re.search(by_path, CODE) or not tables or re.search(rf"\[{table}\]|`{table}[.`]", CODE), (
        f"the table of {path} of {config} is not documented"
    )
