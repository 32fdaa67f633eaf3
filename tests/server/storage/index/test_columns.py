"""Label sets of series while others are added."""

from __future__ import annotations

import threading

import numpy as np

from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.identity import Index
from vedette_shared.labels import make_labels


def test_names_and_columns_while_targets_come() -> None:
    """A reader sees the series that it asked for, whatever the writer adds meanwhile."""
    index = Index()
    signature = index.signatures.intern(make_labels(__name__="up"))
    index.intern_target(make_labels(host="h0"))
    stop = threading.Event()
    failures: list[Exception] = []

    def read() -> None:
        while not stop.is_set():
            try:
                columns = FactoredColumns(index, np.zeros(1, np.int32), np.full(1, signature, np.int32))
                assert list(columns.names()) == ["__name__", "host"]
                codes, values = columns.column("host")
                assert values[codes[0]] == "h0"
            except (AssertionError, IndexError) as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(1, 4000):
        index.intern_target(make_labels(host=f"h{i}"))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
