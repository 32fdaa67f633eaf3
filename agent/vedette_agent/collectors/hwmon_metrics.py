"""How the elements of hardware sensors are called and in what units they come."""

from __future__ import annotations

from typing import NamedTuple

from vedette_agent.collectors.families import COUNTER, GAUGE, Metric


class Scaled(NamedTuple):
    """A metric, and how a file's number becomes its value."""

    metric: Metric
    factor: float = 1.0
    divisor: float = 1.0

    def parse(self, text: str | None) -> float | None:
        """Return the value in ``text``; none where the sensor could not be read or tells no number."""
        try:
            return float(text) * self.factor / self.divisor if text else None
        except ValueError:
            return None


_MILLI = 0.001
_MICRO = 1_000_000.0
_WHOLE_SENSORS = {
    "beep_enable": Scaled(Metric("node_hwmon_beep_enabled", GAUGE, "Hardware beep enabled")),
    "vrm": Scaled(Metric("node_hwmon_voltage_regulator_version", GAUGE, "Hardware voltage regulator")),
    "update_interval": Scaled(
        Metric("node_hwmon_update_interval_seconds", GAUGE, "Hardware monitor update interval"), _MILLI
    ),
}
_POWER_INTERVALS = frozenset({"average_interval", "average_interval_min", "average_interval_max"})
_FAN_SPEEDS = frozenset({"input", "min", "max", "target"})


def describe_element(kind: str, element: str, *, has_bare: bool) -> Scaled | None:
    """Return the metric of an element of a sensor; none for its label.

    Args:
        kind: The sensor's, such as ``temp``.
        element: Such as ``input``, or nothing for a file that is named after the sensor alone.
        has_bare: Whether the sensor has such a file, which then takes the name that ``input`` has otherwise.
    """
    if kind in _WHOLE_SENSORS:
        return _WHOLE_SENSORS[kind] if not element else None
    if element == "label":
        return None
    name = f"node_hwmon_{kind}"
    if element and (element != "input" or has_bare):
        name += f"_{_clean(element)}"
    if element in {"fault", "alarm"}:
        return Scaled(Metric(name, GAUGE, f"Hardware sensor {element} status ({kind})"))
    if element == "beep":
        return Scaled(Metric(f"{name}_enabled", GAUGE, "Hardware monitor sensor has beeping enabled"))
    return _with_unit(kind, element, name)


def _with_unit(kind: str, element: str, name: str) -> Scaled:
    if kind in {"in", "cpu"}:
        return Scaled(Metric(f"{name}_volts", GAUGE, f"Hardware monitor for voltage ({element})"), _MILLI)
    if kind == "temp" and element != "type":
        return Scaled(Metric(f"{name}_celsius", GAUGE, f"Hardware monitor for temperature ({element})"), _MILLI)
    if kind == "curr":
        return Scaled(Metric(f"{name}_amps", GAUGE, f"Hardware monitor for current ({element})"), _MILLI)
    if kind == "energy":
        text = f"Hardware monitor for joules used so far ({element})"
        return Scaled(Metric(f"{name}_joule_total", COUNTER, text), divisor=_MICRO)
    if kind == "power":
        return _power(element, name)
    if kind == "humidity":
        text = (
            "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage) "
            f"({element})"
        )
        return Scaled(Metric(name, GAUGE, text), divisor=_MICRO)
    if kind == "fan" and element in _FAN_SPEEDS:
        return Scaled(Metric(f"{name}_rpm", GAUGE, f"Hardware monitor for fan revolutions per minute ({element})"))
    if kind == "freq" and element == "input":
        text = "Hardware monitor for GPU frequency in MHz"
        return Scaled(Metric(f"{name}_freq_mhz", GAUGE, text), divisor=_MICRO)
    return Scaled(Metric(name, GAUGE, f"Hardware monitor {kind} element {element}"))


def _power(element: str, name: str) -> Scaled:
    if element == "accuracy":
        text = "Hardware monitor power meter accuracy, as a ratio"
        return Scaled(Metric(name, GAUGE, text), divisor=_MICRO)
    if element in _POWER_INTERVALS:
        text = f"Hardware monitor power usage update interval ({element})"
        return Scaled(Metric(f"{name}_seconds", GAUGE, text), _MILLI)
    text = f"Hardware monitor for power usage in watts ({element})"
    return Scaled(Metric(f"{name}_watt", GAUGE, text), divisor=_MICRO)


def _clean(element: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in element.lower()).strip("_")
