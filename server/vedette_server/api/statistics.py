"""What a query tells of its own evaluation: ``stats`` as Prometheus has them, and the plan for ``explain``."""

from __future__ import annotations

import time
from collections.abc import Sequence

from vedette_server.api.running import Call
from vedette_server.promql import PlanNode, Result


def statistics(call: Call, result: Result) -> dict[str, object]:
    """The object ``stats`` of an answer; times in seconds."""
    now = time.monotonic()
    timings = {
        "evalTotalTime": now - call.begun,
        "execQueueTime": call.begun - call.asked,
        "execTotalTime": now - call.asked,
    }
    samples = {"totalQueryableSamples": result.loaded, "peakSamples": result.loaded}
    return {"timings": timings, "samples": samples}


def explanation(plan: Sequence[PlanNode]) -> list[dict[str, object]]:
    """The object ``explain`` of an answer: each part with its cost, what is below it included."""
    return [
        {
            "expr": node.text,
            "kind": node.kind,
            "seconds": node.seconds,
            "series": node.series,
            "steps": node.steps,
            "samples": node.samples,
            "shared": node.shared,
            "children": explanation(node.children),
        }
        for node in plan
    ]
