"""Child processes: bounded in time, output and CPU, and ended with all that they started."""

from vedette_agent.children.child import ChildEnd, ChildLimits, run_child
from vedette_agent.children.tools import Tool, find_tool

__all__ = ["ChildEnd", "ChildLimits", "Tool", "find_tool", "run_child"]
