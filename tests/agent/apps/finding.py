"""Helpers: what is found on this machine, and what a scrape of it says."""

from collections.abc import Sequence

from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.finder import Finder
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.source import AppSource
from vedette_agent.collectors.interface import Roots
from vedette_shared.clock import SystemClock
from vedette_shared.config import Duration
from vedette_shared.metrics import MetricFamily

CONFIG = AppsConfig(timeout=Duration(20_000))


async def find(config: AppsConfig = CONFIG) -> dict[str, Finding]:
    """What is found on this machine, by address or path."""
    findings = await Finder(Roots(), 1 << 20, SystemClock()).look(config)
    return {str(one.listener): one for one in findings}


def only(finding: Finding) -> TargetConfig:
    """The configuration that pins what has one page."""
    (target,) = finding.targets
    return target


async def scrape(target: TargetConfig) -> Sequence[MetricFamily]:
    source = AppSource(target, make_fetcher(target, 1 << 20), interval_ms=15_000, timeout=20.0, host="h", labels={})
    return await source.collect()


def value(families: Sequence[MetricFamily], name: str) -> float:
    (sample,) = (one for family in families for one in family.samples if one.name == name)
    return sample.value
