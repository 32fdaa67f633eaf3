"""An alert as text for people: a subject line and a plain body."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from vedette_server.notify.alert import Alert
from vedette_server.notify.units import format_levels, format_value
from vedette_shared.durations import format_duration


def subject_line(alert: Alert) -> str:
    """Return a line like ``[CRIT] h1 / Filesystem /: 91.2 % used``; control characters become spaces."""
    return _one_line(f"[{alert.state}] {what(alert)}: {alert.summary}")


def what(alert: Alert) -> str:
    """What the alert is about: ``h1 / Filesystem /``, or the host alone."""
    return f"{alert.host} / {alert.service}" if alert.service else alert.host


def body(alert: Alert, identity: str, link: str) -> str:
    """Return what somebody needs who is woken by it: what, how bad, since when, and where to look."""
    lines = [f"{alert.state}: {what(alert)}", _one_line(alert.summary), ""]
    lines += [f"{name + ':':<10}{_one_line(value)}" for name, value in _facts(alert, link) if value]
    lines += ["", f"Vedette, notification {identity}", ""]
    return "\n".join(lines)


def graph_link(alert: Alert, link: str) -> str:
    """Return the address of the graph's current value on the server's API; nothing where there is none."""
    if not link or not alert.graph:
        return ""
    return f"{link.rstrip('/')}/api/v1/query?{urlencode({'query': alert.graph})}"


def moment(milliseconds: int) -> str:
    """Return a time as people read it, in UTC and whole seconds."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _facts(alert: Alert, link: str) -> list[tuple[str, str]]:
    labels = ", ".join(f"{name}={value}" for name, value in alert.labels.items() if name != "host")
    return [
        ("Host", alert.host),
        ("Service", alert.service),
        ("State", f"{alert.previous_state} -> {alert.state}, since {moment(alert.since)}"),
        ("Problem", _span(alert)),
        ("Value", "" if alert.value is None else format_value(alert.value, alert.unit)),
        ("Levels", format_levels(alert.upper, alert.lower, alert.unit)),
        ("Check", alert.check),
        ("Item", labels),
        ("Query", alert.graph),
        ("Link", graph_link(alert, link)),
    ]


def _span(alert: Alert) -> str:
    began = f"since {moment(alert.starts)}"
    if alert.ends is None:
        return began
    seconds = max(0, alert.ends - alert.starts) // 1000
    return f"{began}, until {moment(alert.ends)}, for {format_duration(seconds * 1000)}"


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
