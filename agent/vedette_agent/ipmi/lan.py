"""Where a BMC is that is asked over LAN."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette_agent.ipmi.config import Privilege

if TYPE_CHECKING:
    from vedette_agent.ipmi.session import LanSession

_PRIVILEGES: dict[Privilege | None, int | None] = {None: None, "user": 2, "operator": 3, "admin": 4}


@dataclass(frozen=True, slots=True)
class LanTarget:
    """Where a BMC is and who asks it. ``repr`` does not show the password."""

    address: str
    port: int
    user: str
    password: str = field(repr=False)
    privilege: Privilege | None = None

    def open(self, deadline: float) -> LanSession:
        """Log in. Raises CollectorError."""
        # Only now, as it takes some ten megabytes.
        from vedette_agent.ipmi.session import LanSession

        privilege = _PRIVILEGES[self.privilege]
        return LanSession(self.address, self.port, self.user, self.password, privilege, deadline)
