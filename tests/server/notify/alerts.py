"""An alert to vary, and its words."""

from __future__ import annotations

import msgspec

from vedette_server.notify import Alert

TIME = 1_700_000_000_000

CRIT = Alert(
    kind="service",
    host="h1",
    service="Filesystem /",
    check="filesystem",
    labels={"host": "h1", "mountpoint": "/"},
    state="CRIT",
    previous_state="OK",
    time=TIME,
    since=TIME,
    starts=TIME,
    summary="91.2 % used (warn/crit at 80 %/90 %)",
    value=91.25,
    unit="%",
    upper=(80.0, 90.0),
    graph='disk_used{host="h1",mountpoint="/"}',
)
END = TIME + 750_000
OK = msgspec.structs.replace(
    CRIT, state="OK", previous_state="CRIT", time=END, since=END, ends=END, summary="40 % used", value=40.0
)
DOWN = Alert(
    kind="host",
    host="h1",
    labels={"host": "h1"},
    state="DOWN",
    previous_state="UP",
    time=TIME,
    since=TIME,
    starts=TIME,
    summary="has not reported for 1m15s",
)
