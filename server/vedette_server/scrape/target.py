"""Targets: what a configuration asks to pull, with the labels of each."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vedette_server.scrape.config import ScrapeConfig
from vedette_server.scrape.http.request import Endpoint, make_endpoint, make_tls
from vedette_server.scrape.page import LabelRules
from vedette_server.scrape.status import TargetStatus
from vedette_shared.addresses import Address
from vedette_shared.durations import format_duration
from vedette_shared.errors import ConfigError
from vedette_shared.frames import encode_target
from vedette_shared.labels import Labels, make_labels

_SLOT_MS = 100
_SLOTS = 50


@dataclass(frozen=True, slots=True)
class Target:
    """One page to pull.

    Attributes:
        config: Its job.
        address: As the configuration has it.
        labels: Of its series.
        endpoint: Where the page is.
        key: The encoded labels.
    """

    config: ScrapeConfig
    address: str
    labels: Labels
    endpoint: Endpoint
    key: bytes

    @property
    def rules(self) -> LabelRules:
        """What the job says of the page's labels."""
        config = self.config
        return LabelRules(
            config.honor_labels,
            config.honor_timestamps,
            config.sample_limit,
            config.label_limit,
            config.label_name_length_limit,
            config.label_value_length_limit,
        )

    @property
    def offset_ms(self) -> int:
        """Where in its interval the target is scraped, the same after a restart.

        Targets are spread evenly over slots some way apart, so that those of one slot share a wake-up.
        """
        slot = max(min(_SLOT_MS, self.config.interval // _SLOTS), 1)
        digest = hashlib.blake2b(self.key + self.endpoint.url.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % (self.config.interval // slot) * slot

    @property
    def status(self) -> TargetStatus:
        """How the target is before its first scrape."""
        config = self.config
        url, timeout = self.endpoint.url, config.effective_timeout
        return TargetStatus(
            config.job, url, self.labels, self.discovered_labels, interval_ms=config.interval, timeout_ms=timeout
        )

    @property
    def discovered_labels(self) -> Mapping[str, str]:
        """What was known of the target before its labels were made, under Prometheus' names."""
        config = self.config
        return {
            **config.labels,
            "__address__": self.address,
            "__metrics_path__": config.path,
            "__scheme__": config.scheme,
            "__scrape_interval__": format_duration(config.interval),
            "__scrape_timeout__": format_duration(config.effective_timeout),
            **{f"__param_{name}": values[0] for name, values in config.params.items() if values},
            "job": config.job,
        }


def expand(jobs: Iterable[ScrapeConfig], hostname: str | None = None) -> tuple[Target, ...]:
    """Return the targets of all jobs; one that a job names twice counts once.

    Args:
        jobs: The configuration.
        hostname: This machine's name.

    Raises:
        ConfigError: two jobs share a name, two targets have the same labels, an address or a file is wrong.
    """
    here = hostname or socket.gethostname()
    by_key: dict[bytes, Target] = {}
    names: set[str] = set()
    for job in jobs:
        if job.job in names:
            raise ConfigError(f"there are two scrape jobs named {job.job}; give each a name of its own")
        names.add(job.job)
        tls = make_tls(job)
        for address in dict.fromkeys(job.targets):
            endpoint = make_endpoint(job, address, tls)
            known = {"job": job.job, "instance": address, "host": _host_of(endpoint, here)}
            labels = make_labels({**known, **job.labels})
            target = Target(job, address, labels, endpoint, encode_target(labels))
            if target.key in by_key:
                raise ConfigError(
                    f"scrape job {job.job}: the targets {address} and {by_key[target.key].address} have the same labels"
                )
            by_key[target.key] = target
    return tuple(by_key.values())


def _host_of(endpoint: Endpoint, here: str) -> str:
    return here if Address(endpoint.host, endpoint.port).is_loopback else endpoint.host
