"""A command as a process of its own: its answer, and what it took."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.errors import LineageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psutil

_TREE_CPU = Path(__file__).with_name("tree_cpu.py")
_LAST_WORDS = 1500


class BenchError(LineageError):
    """Something that is measured did not work."""


class CommandFailedError(BenchError):
    """A command ended with an error. `said` is all that it printed; the message has the end of it."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


@dataclass(frozen=True)
class Answer:
    """What a command printed on standard output, and its seconds: on the clock, and of CPU with all its processes."""

    output: str
    wall: float
    cpu: float


def measured(command: Sequence[object], environment: Mapping[str, str], folder: Path) -> Answer:
    """Run a command in a folder.

    Raises:
        CommandFailedError: it failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "cost.json"
        around = [sys.executable, str(_TREE_CPU), str(out), *map(str, command)]
        done = subprocess.run(around, env=dict(environment), cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode:
            said, called = done.stdout + done.stderr, " ".join(map(str, command))
            end = said[-_LAST_WORDS:]
            raise CommandFailedError(f"{called} ended with exit code {done.returncode}:\n{end}", said)
        cost = json.loads(out.read_text())
    return Answer(done.stdout, cost["wall"], cost["cpu"])


def cpu_of(process: psutil.Process | None) -> float:
    """CPU seconds of a running server and its children so far; 0 if there is none."""
    if process is None:
        return 0.0
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    own = times[0].children_user + times[0].children_system
    return float(sum(item.user + item.system for item in times) + own)
