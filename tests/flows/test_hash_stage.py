"""Hashing: one file at a time where that is quickest, several where files are waited for."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from flows import stages
from lineage_core.source.hashing import hash_file
from tasks import hash as hash_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Ingest


@pytest.mark.parametrize(("seconds", "several"), [(60.0, False), (0.0, True)])
def test_the_first_batch_says_whether_several_are_hashed_at_a_time(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, seconds: float, several: bool
) -> None:
    (tmp_path / "sql").mkdir()
    for number in range(7):
        (tmp_path / "sql" / f"t{number}.sql").write_text(f"CREATE TABLE dbo.T{number} (Id int);")
    most = _Most(2 if several else 1)

    def hashed(*arguments: object) -> object:
        with most.one_more():
            return hash_file(*arguments)

    monkeypatch.setattr(stages, "_HASH_FILES", 1)
    monkeypatch.setattr(stages, "_HASH_SECONDS", seconds)
    monkeypatch.setattr(hash_task, "hash_file", hashed)
    report = ingest()
    assert report.files.ok == 7
    assert (most.seen > 1) is several


class _Most:
    """How many were inside at a time, at most. From the second on each waits until as many are there as are `wanted`."""

    def __init__(self, wanted: int) -> None:
        self.seen = self._inside = self._came = 0
        self._wanted = wanted
        self._lock = threading.Lock()
        self._enough = threading.Event()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            self._came += 1
            self.seen = max(self.seen, self._inside)
            first = self._came == 1
            if self.seen >= self._wanted:
                self._enough.set()
        if not first:
            self._enough.wait(20)
        yield
        with self._lock:
            self._inside -= 1
