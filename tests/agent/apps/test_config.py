"""``[apps]``: what is taken, and what is said of what is not."""

from pathlib import Path

import pytest

from vedette_agent.apps.config import AppsConfig, KubeletConfig, TargetConfig
from vedette_agent.config import load_agent_config
from vedette_shared.config import Duration
from vedette_shared.errors import ConfigError


def load(tmp_path: Path, text: str) -> AppsConfig:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    return load_agent_config(file).apps


def test_by_default_applications_are_looked_for(tmp_path: Path) -> None:
    assert load(tmp_path, "") == AppsConfig()


def test_all_keys(tmp_path: Path) -> None:
    text = """
        [apps]
        enabled = false
        interval = "5m"
        timeout = "1s"
        ban = ["redis", 9104]
        [[apps.target]]
        url = "https://127.0.0.1:10250/metrics/cadvisor"
        job = "cadvisor"
        instance = "here"
        interval = "30s"
        timeout = "4s"
        labels = { cluster = "a" }
        bearer_token_file = "/etc/vedette/kubelet.token"
        tls_insecure = true
        server_name = "node1"
        [apps.kubelet]
        bearer_token_file = "/etc/vedette/kubelet.token"
        ca_file = "/var/lib/kubelet/pki/kubelet.crt"
        server_name = "node1"
    """
    target = TargetConfig(
        "https://127.0.0.1:10250/metrics/cadvisor",
        "cadvisor",
        instance="here",
        interval=Duration(30_000),
        timeout=Duration(4_000),
        labels={"cluster": "a"},
        bearer_token_file=Path("/etc/vedette/kubelet.token"),
        tls_insecure=True,
        server_name="node1",
    )
    kubelet = KubeletConfig(
        Path("/etc/vedette/kubelet.token"), Path("/var/lib/kubelet/pki/kubelet.crt"), server_name="node1"
    )
    expected = AppsConfig(
        enabled=False,
        interval=Duration(300_000),
        timeout=Duration(1_000),
        ban=("redis", 9104),
        kubelet=kubelet,
        target=(target,),
    )
    assert load(tmp_path, text) == expected


TARGET = '[[apps.target]]\njob = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[apps]\ninterval = "1ms"', "interval must be at least 1s"),
        ("[apps]\nport = 1", "port"),
        ('[apps.kubelet]\nbearer_token_file = "t"', "either ca_file, which says whose certificates will do"),
        (TARGET + 'url = "127.0.0.1:9104"', 'url = "127.0.0.1:9104" is not the URL of a page'),
        (TARGET + 'url = "http://a:b@c/metrics"', "url must hold no password"),
        (TARGET + 'url = "http://c/"\nkind = "php-fpm-status"', "PHP-FPM is reached at unix:/path.sock"),
        (TARGET + 'url = "http://c/"\nuser = "u"', "user and password_file go together"),
        (TARGET + 'url = "http://c/"\nlabels = { job = "b" }', "labels.job cannot be set here"),
        (TARGET + 'url = "http://c/"\nscrape_protocols = []', "scrape_protocols must name at least one protocol"),
        (TARGET + 'url = "http://c/"\nscrape_protocols = ["protobuf"]', "scrape_protocols[0]"),
        (TARGET + 'url = "http://c/"\n' + TARGET + 'url = "http://c/b"', "two targets are a:c"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert str(tmp_path / "agent.toml") in str(caught.value)
