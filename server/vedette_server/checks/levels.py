"""Values against levels, for any number of services at once."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.state.states import SEVERITY, ServiceState

Floats: TypeAlias = NDArray[np.float64]
States: TypeAlias = NDArray[np.int8]

_SEVERITY = np.array(SEVERITY, np.int8)


def judge(values: Floats, upper_warn: Floats, upper_crit: Floats, lower_warn: Floats, lower_crit: Floats) -> States:
    """Return the state of each value: upper levels count from the level on, lower ones below it.

    All arrays are of shape (n,). A level of NaN is none. A value of NaN is UNKNOWN.

    Returns:
        int8 of shape (n,), as ``ServiceState``.
    """
    states = np.zeros(len(values), np.int8)
    states[(values >= upper_warn) | (values < lower_warn)] = ServiceState.WARN
    states[(values >= upper_crit) | (values < lower_crit)] = ServiceState.CRIT
    states[np.isnan(values)] = ServiceState.UNKNOWN
    return states


def severity(states: States) -> NDArray[np.int8]:
    """The rank of each service state in OK < WARN < UNKNOWN < CRIT."""
    return _SEVERITY[states]
