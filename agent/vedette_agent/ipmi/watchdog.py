"""The BMC's watchdog timer: bytes in, values and metric families out, under the names of ipmi_exporter.

Source: IPMI specification 2.0, clause 27.7, Get Watchdog Timer.
"""

from __future__ import annotations

from vedette_agent.ipmi.readings import Watchdog
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

GET_WATCHDOG = 0x25

_USES = ("BIOS FRB2", "BIOS POST", "OS LOAD", "SMS/OS", "OEM")
"""From 1 on."""
_ACTIONS = ("None", "Hard Reset", "Power Down", "Power Cycle")
_INTERRUPTS = ("None", "SMI", "NMI / Diagnostic Interrupt", "Messaging Interrupt")
_TICKS_A_SECOND = 10
_PRESENT_AT = 6
_IS_RUNNING, _DOES_NOT_LOG = 0x40, 0x80


def watchdog_of(data: bytes) -> Watchdog:
    """Return what the answer to Get Watchdog Timer tells. Raises IndexError where it is too short."""
    return Watchdog(
        is_running=bool(data[0] & _IS_RUNNING),
        use=data[0] & 0x07,
        action=data[1] & 0x07,
        interrupt=data[1] >> 4 & 0x07,
        logs=not data[0] & _DOES_NOT_LOG,
        pretimeout=float(data[2]),
        initial=(data[4] | data[5] << 8) / _TICKS_A_SECOND,
        present=(data[_PRESENT_AT] | data[_PRESENT_AT + 1] << 8) / _TICKS_A_SECOND
        if len(data) > _PRESENT_AT + 1
        else None,
    )


def watchdog_families(watchdog: Watchdog) -> list[MetricFamily]:
    """Return the timer as metric families."""
    families = [
        gauge(f"ipmi_bmc_watchdog_{name}", about, value)
        for name, about, value in (
            ("timer_state", "Watchdog timer running (1: running, 0: stopped).", float(watchdog.is_running)),
            (
                "logging_state",
                "Whether the end of the timer is logged (1: enabled, 0: disabled).",
                float(watchdog.logs),
            ),
            ("pretimeout_interval_seconds", "Seconds from the interrupt to the timeout.", watchdog.pretimeout),
            ("initial_countdown_seconds", "Seconds that the timer counts down from.", watchdog.initial),
            ("current_countdown_seconds", "Seconds that are left.", watchdog.present),
        )
        if value is not None
    ]
    for name, about, label, texts, place in (
        ("timer_use_state", "Watchdog timer use (1: active, 0: inactive).", "name", _USES, watchdog.use - 1),
        (
            "timeout_action_state",
            "Watchdog timeout action (1: active, 0: inactive).",
            "action",
            _ACTIONS,
            watchdog.action,
        ),
        (
            "pretimeout_interrupt_state",
            "Watchdog pre-timeout interrupt (1: active, 0: inactive).",
            "interrupt",
            _INTERRUPTS,
            watchdog.interrupt,
        ),
    ):
        family = gauge(f"ipmi_bmc_watchdog_{name}", about)
        for at, text in enumerate(texts):
            family.add(float(at == place), make_labels({label: text}))
        families.append(family)
    return families
