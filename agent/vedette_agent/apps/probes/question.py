"""What is to be asked of one socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette_agent.apps.config import KubeletConfig
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import Application
from vedette_agent.apps.php_pools import Pool


@dataclass(frozen=True, slots=True)
class Question:
    """A socket and what it may be.

    Attributes:
        nobody: The socket, of which nothing is known yet.
        possible: What it may be.
        most_bytes: That a page may have.
        pool: The pool of PHP-FPM that listens there, where its configuration could be read.
        kubelet: What lets the agent in at a kubelet, if that is configured.
    """

    nobody: Finding
    possible: Sequence[Application]
    most_bytes: int
    pool: Pool | None = None
    kubelet: KubeletConfig | None = None
