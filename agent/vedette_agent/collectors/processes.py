"""Processes by state: ``/proc/PID/stat``, see proc_pid_stat(5)."""

from __future__ import annotations

import os
from collections import Counter

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_bytes, read_if_present
from vedette_shared.metrics import MetricFamily

_PIDS = Metric("node_processes_pids", GAUGE, "Number of PIDs")
_MAX_PROCESSES = Metric("node_processes_max_processes", GAUGE, "Number of max PIDs limit")
_THREADS = Metric("node_processes_threads", GAUGE, "Allocated threads in system")
_MAX_THREADS = Metric("node_processes_max_threads", GAUGE, "Limit of threads in the system")
_STATES = Metric("node_processes_state", GAUGE, "Number of processes in each state.")
_THREAD_STATES = Metric("node_processes_threads_state", GAUGE, "Number of threads in each state.")
_THREADS_FIELD = 17
"""Of a line of stat, counted from the state, which comes first after the name in parentheses."""


def parse_stat(content: bytes) -> tuple[str, int]:
    """Return the state and the number of threads in ``/proc/PID/stat``.

    Raises:
        ValueError: the content is cut short.
    """
    fields = content[content.rindex(b")") + 1 :].split()
    if len(fields) <= _THREADS_FIELD:
        raise ValueError("a line of a process is cut short")
    return fields[0].decode(), int(fields[_THREADS_FIELD])


class ProcessesCollector:
    """How many processes and threads there are and may be, and what they do. Reads two files for each process."""

    name = "processes"

    def __init__(self, options: NodeOptions) -> None:
        self._proc = options.proc("")
        self._max_processes = options.proc("sys/kernel/pid_max")
        self._max_threads = options.proc("sys/kernel/threads-max")

    def collect(self) -> list[MetricFamily]:
        pids = [name for name in list_folder(self._proc) if name.isdigit()]
        states: Counter[str] = Counter()
        thread_states: Counter[str] = Counter()
        threads = seen = 0
        for pid in pids:
            content = read_if_present(f"{self._proc}{pid}/stat")
            if content is None:
                continue
            state, count = parse_stat(content)
            seen += 1
            threads += count
            states[state] += 1
            self._add_thread_states(pid, state, count, thread_states)
        families = Families()
        families.add(_PIDS, float(seen))
        families.add(_THREADS, float(threads))
        families.add(_MAX_PROCESSES, float(read_bytes(self._max_processes)))
        families.add(_MAX_THREADS, float(read_bytes(self._max_threads)))
        for metric, label, counts in ((_STATES, "state", states), (_THREAD_STATES, "thread_state", thread_states)):
            for state, number in counts.items():
                families.add(metric, float(number), ((label, state),))
        return families.all()

    def _add_thread_states(self, pid: str, state: str, count: int, states: Counter[str]) -> None:
        """Only a process of several threads has more to tell than its own line."""
        if count == 1:
            if os.path.isdir(f"{self._proc}{pid}/task"):  # noqa: PTH112 -- for each process, so without a Path
                states[state] += 1
            return
        for thread in list_folder(f"{self._proc}{pid}/task"):
            content = read_if_present(f"{self._proc}{pid}/task/{thread}/stat")
            if content is not None:
                states[parse_stat(content)[0]] += 1
