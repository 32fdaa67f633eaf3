"""The whole road with real processes: collected, pushed, stored, checked, told to people, and kept over a kill."""

import itertools
import signal
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import zstandard

from tests.e2e.harness import HOST, Deployment, deployment, eventually
from vedette_shared.frames import Frame, Sender, encode_message, encode_target, layout_of, values_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import counter

SERVICE = "Filesystem /"

LOWERED = """
[[check]]
name = "filesystem"
interval = "1s"
[[check.override]]
match = { mountpoint = "/" }
upper = [0.0001, 0.0002]
"""

USUAL = """
[[check]]
name = "filesystem"
interval = "1s"
[[check.override]]
match = { mountpoint = "/" }
upper = [99.99, 100]
"""


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as made:
        made.configure_agent()
        made.configure_server(USUAL)
        yield made


def mails(deployed: Deployment) -> list[EmailMessage]:
    """The mails about the service; this machine may have problems of its own."""
    return [mail for mail in deployed.mail.mails if SERVICE in mail["Subject"]]


def calls(deployed: Deployment) -> list[dict[str, Any]]:
    """The calls about the service."""
    return [call for call in deployed.webhook.calls if call["service"] == SERVICE]


def test_a_problem_is_told_once_and_so_is_its_end(deployed: Deployment) -> None:
    """A filesystem level below the true use: CRIT, one mail, one call; the level back: OK, and the recovery."""
    server = deployed.start_server()
    deployed.start_agent()
    state = lambda: (deployed.service(SERVICE) or {}).get("state")
    eventually(state, lambda seen: seen == "OK")

    deployed.configure_server(LOWERED)
    server.send(signal.SIGHUP)
    eventually(state, lambda seen: seen == "CRIT")
    eventually(lambda: (len(mails(deployed)), len(calls(deployed))), lambda seen: min(seen) >= 1)

    deployed.configure_server(USUAL)
    server.send(signal.SIGHUP)
    eventually(state, lambda seen: seen == "OK")
    eventually(lambda: (len(mails(deployed)), len(calls(deployed))), lambda seen: min(seen) >= 2)

    told = [
        (call["status"], call["host"], call["service"], call["previous_state"], call["state"])
        for call in calls(deployed)
    ]
    assert told == [("firing", HOST, SERVICE, "OK", "CRIT"), ("resolved", HOST, SERVICE, "CRIT", "OK")]
    assert [(mail["Subject"].split(":")[0], mail["To"]) for mail in mails(deployed)] == [
        (f"[CRIT] {HOST} / {SERVICE}", "on-call@example.org"),
        (f"[OK] {HOST} / {SERVICE}", "on-call@example.org"),
    ]


class Producer:
    """Pushes a counter, one frame a message, and keeps what was acknowledged."""

    def __init__(self, deployed: Deployment) -> None:
        self._url = f"http://{deployed.ingest}/v1/push"
        self._target = encode_target(make_labels(job="e2e", instance="producer", host="producer"))
        self._start = int(time.time() * 1000) - 600_000
        self.sequence = 0
        self.acknowledged: dict[int, float] = {}

    def push(self) -> None:
        """Push the next frame.

        Raises:
            httpx.HTTPError: it was not acknowledged.
        """
        self.sequence += 1
        families = [counter("e2e_total", "Counts.", float(self.sequence))]
        layout = layout_of(families)
        at = self._start + self.sequence * 100
        frame = Frame(self.sequence, at, self._target, "e2e", layout.hash, values_of(families).tobytes())
        body = zstandard.compress(encode_message(Sender("producer", 1), [layout], [frame]))
        answer = httpx.post(self._url, content=body, headers={"Content-Encoding": "zstd"}, timeout=10.0)
        answer.raise_for_status()
        assert msgspec.json.decode(answer.content) == {"sequence": self.sequence}
        self.acknowledged[at] = float(self.sequence)


def samples_of(result: list[dict[str, Any]]) -> dict[int, float]:
    assert len(result) == 1
    return {round(at * 1000): float(value) for at, value in result[0]["values"]}


def test_what_was_acknowledged_survives_sigkill(deployed: Deployment) -> None:
    """Nothing acknowledged is lost over SIGKILL, nothing stands twice, and the agent fills the gap from its spool."""
    server = deployed.start_server()
    deployed.start_agent()
    producer = Producer(deployed)
    for _ in range(200):
        producer.push()
    eventually(lambda: deployed.query("count_over_time(node_load1[5m])"), bool)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with pytest.raises(httpx.HTTPError):
        producer.push()
    producer.sequence -= 1
    time.sleep(2.5)

    deployed.start_server()
    assert samples_of(deployed.query("e2e_total[1h]")) == producer.acknowledged
    producer.push()
    assert samples_of(deployed.query("e2e_total[1h]")) == producer.acknowledged

    def widest_gap() -> float:
        times = sorted(samples_of(deployed.query("node_load1[5m]")))
        assert time.time() * 1000 - times[-1] < 60_000
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    eventually(lambda: len(samples_of(deployed.query("node_load1[5m]"))), lambda seen: seen > 5)
    eventually(widest_gap, lambda gap: gap < 2_000)


def test_clean_stop_is_prompt_and_quiet(deployed: Deployment) -> None:
    """SIGTERM ends both with exit code 0, and neither logs an error."""
    server, agent = deployed.start_server(), deployed.start_agent()
    eventually(lambda: deployed.query("node_load1"), bool)
    assert (agent.end(), server.end()) == (0, 0)
    assert [
        line for process in (server, agent) for line in process.log.read_text().splitlines() if "level=error" in line
    ] == []
