"""The spool: frames on disk until every server has them. ``FORMAT.md`` in this folder is the specification."""

from vedette_agent.spool.ranges import RangeSet
from vedette_agent.spool.spool import Spool, SpoolLimits
from vedette_agent.spool.values import FrameId, SpoolStats, StoredFrame

__all__ = ["FrameId", "RangeSet", "Spool", "SpoolLimits", "SpoolStats", "StoredFrame"]
