"""Child processes: bounded in time, output and CPU, and ended with all that they started."""

from vedette_agent.children.child import ChildEnd, ChildLimits, run_child

__all__ = ["ChildEnd", "ChildLimits", "run_child"]
