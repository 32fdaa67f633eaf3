"""``python -m tests.bench NAME``: measures one part of Vedette beside its peers, and says whether its bar is met."""

from __future__ import annotations

import importlib
import sys

from vedette_shared.errors import VedetteError

BENCHES = ("agent", "disk", "hardware", "ingest", "memory", "query", "restart", "scale")


def main(arguments: list[str]) -> int:
    """Run one bench; returns 0 if every bar is met, 1 if not, 2 for bad usage."""
    if len(arguments) != 1 or arguments[0] not in BENCHES:
        print(f"usage: python -m tests.bench {{{','.join(BENCHES)}}}", file=sys.stderr)
        return 2
    try:
        return int(importlib.import_module(f"tests.bench.{arguments[0]}").main())
    except VedetteError as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
