"""The state machine of services and hosts, for any number of them at once.

A problem is SOFT until it was found ``attempts`` times in a row, then HARD; only what is HARD counts. The end of a
problem counts at once: it is silent if the problem was SOFT. While a problem is HARD, another problem is HARD at once.
The rules are those of Nagios and Check_MK.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.checks.levels import States

GOOD = 0
"""OK and UP."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What an evaluation led to; arrays of shape (n,).

    Attributes:
        state: int8, as evaluated.
        hard_state: int8, as it counts.
        attempt: int32, evaluations in a row that found a problem, from 1 to the most attempts; 1 where there is none.
        changed: bool, ``state`` is another than before.
        hardened: bool, ``hard_state`` is another than before.
    """

    state: States
    hard_state: States
    attempt: NDArray[np.int32]
    changed: NDArray[np.bool_]
    hardened: NDArray[np.bool_]


def advance(
    state: States,
    hard_state: States,
    attempt: NDArray[np.int32],
    found: States,
    most_attempts: int,
    at_once: NDArray[np.bool_] | bool = False,
) -> Transition:
    """Return what follows when ``found`` is evaluated.

    Args:
        state: What was evaluated before; this and the next four of shape (n,).
        hard_state: What counted before.
        attempt: The attempts before.
        found: What is evaluated now.
        most_attempts: With so many in a row a problem is HARD.
        at_once: Where a problem is HARD without more attempts.
    """
    good = found == GOOD
    again = ~good & (state != GOOD)
    new_attempt = np.where(again, np.minimum(attempt + 1, most_attempts), 1).astype(np.int32)
    hard = good | (hard_state != GOOD) | (new_attempt >= most_attempts) | at_once
    new_hard = np.where(hard, found, hard_state).astype(np.int8)
    return Transition(found, new_hard, new_attempt, found != state, new_hard != hard_state)
