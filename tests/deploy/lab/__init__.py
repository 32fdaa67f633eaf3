"""Hosts with real systemd for tests: booted in containers, joined by a network of their own, gone afterwards.

``python -m tests.deploy.lab 2`` boots two and keeps them until the end of its input, to look around by hand.
"""

from __future__ import annotations

from tests.deploy.lab.errors import LabError
from tests.deploy.lab.host import Host
from tests.deploy.lab.lab import Lab, why_not

__all__ = ["Host", "Lab", "LabError", "why_not"]
