"""How bad the states are that controllers tell.

Sources: StorCLI reference manual, abbreviations of ``show all``; HPE Smart Storage Administrator user guide; Microsemi
ARCCONF command line utility guide; zpoolconcepts(7) of OpenZFS.
"""

from __future__ import annotations

import re

from vedette_agent.changes import FINE, State
from vedette_shared.events import Severity

_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL

_FINE_WORDS = (
    # MegaRAID
    "optimal optl onln ghs dhs ugood jbod conf sntze learning charging"
    # Smart Array
    " ok not-configured not-present"
    # Adaptec
    " online ready success hot-spare global-hot-spare dedicated-hot-spare raw ready-(pass-through)"
    " raw-(pass-through) online-(jbod) zmm-optimal fully-charged not-installed"
    # ZFS, the kernel
    " avail inuse checking resyncing"
)
_WARNING_WORDS = (
    "rbld rec cpybck ugshld needs-attention"
    " recovering rebuilding ready-for-rebuild transforming recharging temporarily-disabled predictive-failure"
    " suboptimal impacted reconfiguring"
)
_CRITICAL_WORDS = (
    "dgrd pdgd ofln offln ubad ubunsp msng missing"
    " interim-recovery-mode failed permanently-disabled failed-(replace-batteries)"
    " failed-(replace-batteries/capacitors)"
    " degraded offline dead"
    " faulted unavail removed suspended inactive"
)
_SEVERITIES = {
    word: severity
    for words, severity in ((_FINE_WORDS, FINE), (_WARNING_WORDS, _WARNING), (_CRITICAL_WORDS, _CRITICAL))
    for word in words.split()
}
_PROGRESS = re.compile(r",? *(\d+(?:\.\d+)?) ?%.*$")


def state_of(text: str) -> State:
    """Return the state that a controller calls ``text``; one that is not known is a warning."""
    words = without_progress(text)
    return State(words, _SEVERITIES.get(words.lower().replace(" ", "-"), _WARNING))


def without_progress(text: str) -> str:
    """Return ``text`` without how far it is: ``Recovering, 24% complete``."""
    return _PROGRESS.sub("", text).strip()


def progress_of(text: str) -> float | None:
    """Return how far ``text`` says that it is, from 0 to 1."""
    match = _PROGRESS.search(text)
    return float(match[1]) / 100 if match else None
