"""A process's metrics as a file, what several files say together, and one file in the place of those that ended.

Values travel as samples: a counter's total, a histogram's buckets, count and sum, which all may be added; of a gauge
the latest is taken. Files of processes that have ended are folded into `ended.json`, which names them, so that one that
was folded and could not be removed is not counted twice.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydantic import BaseModel, Field, ValidationError

from flows.local_prefect import ProcessId

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from prometheus_client import CollectorRegistry

ENDED = "ended.json"

_SILENT_SECONDS = 600.0
"""A process keeps its metrics every few seconds as long as it lives."""

_LASTING = "_timestamp_seconds"
"""In the name of a gauge that stays true after its process has ended."""


class Kept(BaseModel):
    """What a process of a `host` has counted by `at` (seconds since 1970).

    `totals` and `latest`: sample -> value, where a sample is the JSON of its name and its labels. `process` is empty in
    the sum of those that ended, which are named in `folded`.
    """

    at: float = 0.0
    host: str = Field(default_factory=socket.gethostname)
    process: ProcessId | None = None
    totals: dict[str, float] = Field(default_factory=dict)
    latest: dict[str, float] = Field(default_factory=dict)
    folded: list[str] = Field(default_factory=list)

    def add(self, other: Kept) -> None:
        """Take in what another process has counted."""
        for sample, value in other.totals.items():
            self.totals[sample] = self.totals.get(sample, 0.0) + value
        newer = other.latest if other.at >= self.at else {**other.latest, **self.latest}
        self.latest |= newer
        self.at = max(self.at, other.at)

    @property
    def ended(self) -> bool:
        """Whether the process has ended. Of one elsewhere (another container has process ids of its own) its silence
        tells.
        """
        if self.host != socket.gethostname():
            return time.time() - self.at > _SILENT_SECONDS
        return self.process is not None and self.process.find() is None


def file_name(process: ProcessId) -> str:
    """Of what a process keeps."""
    return f"{process.pid}-{int(process.started * 1000)}.json"


def counted(registry: CollectorRegistry, process: ProcessId) -> Kept:
    """What a registry holds now; no total that is still at zero."""
    found = Kept(at=time.time(), process=process)
    for metric in registry.collect():
        values = found.latest if metric.type == "gauge" else found.totals
        for sample in metric.samples:
            if sample.value or metric.type == "gauge":
                values[json.dumps([sample.name, sample.labels], sort_keys=True)] = sample.value
    return found


def keep(folder: Path, name: str, kept: Kept) -> None:
    """Write a file at once or not at all.

    Raises:
        OSError: it cannot be written.
    """
    aside = folder / f"{name}.new-{os.getpid()}"
    aside.write_text(kept.model_dump_json())
    aside.replace(folder / name)


def read(file: Path) -> Kept | None:
    """What a file says; None if it is gone or damaged."""
    try:
        return Kept.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None


def fold(folder: Path) -> int:
    """Put the files of processes that have ended into one; how many there were. Nothing if another process is at it.

    Raises:
        OSError: the folder cannot be written.
    """
    try:
        with FileLock(folder / "fold.lock", timeout=0):
            return _fold(folder)
    except Timeout:
        return 0


def _fold(folder: Path) -> int:
    sum_of_ended = read(folder / ENDED) or Kept()
    _remove(folder, sum_of_ended.folded)
    sum_of_ended.folded = []
    for file in sorted(folder.glob("*-*.json")):
        kept = read(file)
        if kept is not None and kept.ended:
            kept.latest = {sample: value for sample, value in kept.latest.items() if _LASTING in sample}
            sum_of_ended.add(kept)
            sum_of_ended.folded.append(file.name)
    if sum_of_ended.folded:
        keep(folder, ENDED, sum_of_ended)
        _remove(folder, sum_of_ended.folded)
    return len(sum_of_ended.folded)


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
