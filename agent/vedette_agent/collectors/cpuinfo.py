"""Parses ``/proc/cpuinfo``, see proc_cpuinfo(5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Processor:
    """One block of the file; a field that the architecture does not tell is empty."""

    number: str
    vendor: str
    family: str
    model: str
    model_name: str
    stepping: str
    microcode: str
    megahertz: float
    cache_size: str
    package: str
    core: str
    flags: tuple[str, ...]
    bugs: tuple[str, ...]


def parse_cpuinfo(text: str) -> list[Processor]:
    """Return the processors in ``text``, in its order.

    Raises:
        ValueError: a frequency is not a number.
    """
    return [_processor(fields) for block in text.split("\n\n") if "processor" in (fields := _fields(block))]


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _processor(fields: dict[str, str]) -> Processor:
    frequency = fields.get("cpu MHz") or fields.get("clock") or "0"
    return Processor(
        number=fields["processor"],
        vendor=fields.get("vendor_id") or fields.get("vendor", ""),
        family=fields.get("cpu family", ""),
        model=fields.get("model", ""),
        model_name=fields.get("model name", ""),
        stepping=fields.get("stepping", ""),
        microcode=fields.get("microcode", ""),
        megahertz=float(frequency.removesuffix("MHz")),
        cache_size=fields.get("cache size", ""),
        package=fields.get("physical id", ""),
        core=fields.get("core id", ""),
        flags=tuple((fields.get("flags") or fields.get("Features", "")).split()),
        bugs=tuple(fields.get("bugs", "").split()),
    )
