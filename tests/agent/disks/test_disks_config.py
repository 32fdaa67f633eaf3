"""``[disks]`` and ``[raid]`` as they are written, and what is told of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vedette_agent.config import AgentConfig
from vedette_agent.disks.config import DiskConfig, DisksConfig
from vedette_agent.raid.config import RaidConfig
from vedette_shared.config import Duration, load_config
from vedette_shared.errors import ConfigError


def load(folder: Path, text: str) -> AgentConfig:
    (folder / "agent.toml").write_text(text)
    return load_config(AgentConfig, folder / "agent.toml")


def test_written(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[disks]\ninterval = "1m"\nextended = false\n[[disks.disk]]\ndevice = "/dev/sg1"\ntype = "cciss,0"\n'
        '[raid]\nexclude = ["md"]\n',
    )
    assert config.disks == DisksConfig(
        interval=Duration(60_000), extended=False, disk=(DiskConfig("/dev/sg1", "cciss,0"),)
    )
    assert config.raid == RaidConfig(exclude=("md",))
    assert load(tmp_path, "").disks == DisksConfig(enabled=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[disks]\nat_a_time = 0", "interval, timeout and at_a_time must be more than 0"),
        ("[disks]\nscan = false", "without a scan there must be a table"),
        ('[disks]\nscan_types = ["--all"]', "scan_types are device types of smartctl --scan"),
        ('[[disks.disk]]\ndevice = "sda"', 'a disk is a device and smartctl\'s type for it, like device = "/dev/sg1"'),
        ('[[disks.disk]]\ndevice = "/dev/sda"\n' * 2, "a disk stands twice"),
        ("[disks]\ninterval = 5", '5 is not a duration; write it as a text, like "15s"'),
        ("[raid]\ntimeout = '0s'", "interval and timeout must be more than 0"),
        ('[raid]\nexclude = ["megacli"]', "exclude names 'megacli', which is none of storcli, ssacli, arcconf"),
        ("[raid]\nstorcly = ''", "raid.storcly: unknown key; did you mean storcli?"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
