"""A watcher as a process, whose runs are lines of a file: `python recording_watch.py [DEBOUNCE]`."""

import json
import os
import sys
from pathlib import Path

from flows.watch.run_watch import run_watch
from flows.watch.state import Batch
from flows.watch.trigger import UnderWay
from lineage_core.settings import load_settings


class Recording:
    """A trigger that writes down what it is given."""

    async def under_way(self) -> UnderWay:
        """Always none."""
        return UnderWay()

    async def start(self, batch: Batch) -> str:
        """A line."""
        _write(json.dumps(batch.paths))
        return "recorded"

    async def close(self) -> None:
        """Nothing is open."""


def _write(line: str) -> None:
    with Path(os.environ["RECORD"]).open("a") as stream:
        stream.write(f"{line}\n")


if __name__ == "__main__":
    given = {"watch_debounce_seconds": float(sys.argv[1])} if len(sys.argv) > 1 else {}
    run_watch(load_settings(**given), [], Recording())
