"""What of the hardware has changed since it was last looked at, told as events; remembered over a restart."""

from vedette_agent.changes.keeper import Keeper
from vedette_agent.changes.memory import Memory
from vedette_agent.changes.parts import FINE, Part, State
from vedette_agent.changes.watch import Watch

__all__ = ["FINE", "Keeper", "Memory", "Part", "State", "Watch"]
