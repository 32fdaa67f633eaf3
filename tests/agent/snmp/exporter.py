"""Debian's snmp_exporter, told to ask what a module of Vedette's declares."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.agent.processes import eventually, free_address
from vedette_agent.snmp.ber import format_oid
from vedette_agent.snmp.declarations import Index, Lookup, Metric, Module, Table
from vedette_shared.exposition import parse_text
from vedette_shared.metrics import MetricFamily

EXPORTER = "prometheus-snmp-exporter"

_TYPES = {
    "counter": "counter",
    "gauge": "gauge",
    "integer": "gauge",
    "text": "DisplayString",
    "mac": "PhysAddress48",
    "ip": "InetAddressIPv4",
    "hex": "OctetString",
    "enum_info": "EnumAsInfo",
    "enum_states": "EnumAsStateSet",
}


def comparable(module: Module) -> Module:
    """What version 0.21 can do of a module: no scales, powers, identifiers as texts, or numbers of labels as texts."""
    tables = []
    for table in module.walk:
        if any(lookup.enum or lookup.type == "oid" for lookup in table.lookups):
            continue
        if any(index.type in ("oid", "ip") for index in table.index):
            continue
        tables.append(Table(table.index, tuple(filter(_is_plain, table.metrics)), table.lookups, table.drop))
    return Module(tuple(filter(_is_plain, module.get)), tuple(tables))


def _is_plain(metric: Metric) -> bool:
    return (metric.scale, metric.offset) == (1.0, 0.0) and not metric.power and metric.type != "oid"


def configuration(module: Module, community: str) -> dict[str, Any]:
    """The module in the exporter's words."""
    metrics = [_metric(metric, [], []) for metric in module.get]
    for table in module.walk:
        indexes = [_index(index) for index in table.index]
        labels = [index.label for index in table.index]
        lookups = [_lookup(lookup, labels) for lookup in table.lookups]
        lookups += [{"labels": [], "labelname": label} for label in table.drop]
        metrics += [_metric(metric, indexes, lookups) for metric in table.metrics]
    return {
        "get": [f"{metric.oid}.0" for metric in module.get],
        "walk": list(dict.fromkeys(format_oid(column) for table in module.walk for column in table.columns)),
        "metrics": metrics,
        "version": 2,
        "timeout": "20s",
        "auth": {"community": community},
    }


def _metric(metric: Metric, indexes: list[dict[str, Any]], lookups: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": metric.name, "oid": str(metric.oid), "type": _TYPES[metric.type]}
    told["help"] = f"{metric.help} - {metric.oid}" if metric.help else str(metric.oid)
    told |= {"indexes": indexes, "lookups": lookups}
    if metric.enum:
        told["enum_values"] = {int(number): text for number, text in metric.enum.items()}
    if metric.extract:
        extracts: dict[str, list[dict[str, str]]] = {}
        for extract in metric.extract:
            value = extract.value.replace("\\", "$")
            extracts.setdefault(extract.suffix, []).append({"regex": extract.regex.compiled.pattern, "value": value})
        told["regex_extracts"] = extracts
    return told


def _index(index: Index) -> dict[str, Any]:
    told: dict[str, Any] = {"labelname": index.label, "type": _TYPES[index.type]}
    if index.size:
        told["fixed_size"] = index.size
    if index.implied:
        told["implied"] = True
    if index.enum:
        told |= {"type": "EnumAsInfo", "enum_values": {int(number): text for number, text in index.enum.items()}}
    return told


def _lookup(lookup: Lookup, labels: list[str]) -> dict[str, Any]:
    told = {"labelname": lookup.label, "oid": str(lookup.oid), "type": _TYPES[lookup.type]}
    return {"labels": list(lookup.by) or labels, **told}


@contextlib.contextmanager
def exporter(folder: Path, modules: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Run it with ``modules``; its address."""
    address = free_address()
    config = folder / "snmp.json"
    config.write_text(_with_numbers(json.dumps(modules)))
    command = [EXPORTER, f"--config.file={config}", f"--web.listen-address={address}", "--snmp.wrap-large-counters"]
    log = folder / "exporter.log"
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink) as process:
        try:
            eventually(lambda: process.poll() is not None or _answers(address))
            assert process.poll() is None, log.read_text()
            yield address
        finally:
            process.kill()


def _with_numbers(text: str) -> str:
    """JSON is YAML, but for the keys of enumerations, which are to be numbers."""
    return re.sub(r'"(-?\d+)": ', r"\1: ", text)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/", timeout=5):
            return True
    except urllib.error.URLError:
        return False


def exported(address: str, port: int, module: str) -> list[MetricFamily]:
    """What it tells of the device at ``port``."""
    url = f"http://{address}/snmp?target=127.0.0.1:{port}&module={module}"
    try:
        with urllib.request.urlopen(url, timeout=60) as page:
            return list(parse_text(page.read()))
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error
