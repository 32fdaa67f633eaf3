"""SIGKILL at any moment: what was made durable is there, whole batches only, and the file opens again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from vedette_server.state.database import Database

WRITER = """
import sys
from pathlib import Path
from vedette_server.state.database import Database
from vedette_server.state.rows import Batch, HostRow, QueuedRow
database = Database(Path(sys.argv[1]))
first = len(database.queue())
print("ready", flush=True)
for number in range(first, 1_000_000):
    host = HostRow(f"h{number}", 0, 0, 1, number, 0, number, 0, True)
    database.apply(Batch(hosts=(host,), notifications=(QueuedRow(str(number), "mail", "s", number, b""),)))
    print(number, flush=True)
"""


def test_nothing_that_was_durable_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    source = random.Random(1)
    durable = -1
    for _ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(source.uniform(0.01, 0.1))
        writer.send_signal(signal.SIGKILL)
        with writer.stdout:
            numbers = [int(line) for line in writer.stdout.read().splitlines() if line.isdecimal()]
        writer.wait()
        durable = max([durable, *numbers])
        database = Database(path)
        queued = [int(row.id) for row in database.queue()]
        hosts = {int(row.host[1:]) for row in database.hosts()}
        database.close()
        assert queued == list(range(len(queued)))
        assert set(queued) == hosts
        assert len(queued) > durable
