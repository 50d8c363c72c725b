"""What processes keep of their metrics, and what becomes of it when they end."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from flows.local_prefect import ProcessId
from flows.metrics.kept import ENDED, Kept, counted, file_name, fold, keep, read

if TYPE_CHECKING:
    from pathlib import Path

RUNS = '["runs_total", {"kind": "bulk"}]'
LAST = '["last_timestamp_seconds", {}]'
WAITING = '["waiting", {}]'


@pytest.fixture
def ended() -> ProcessId:
    """A process that was and is no more."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = ProcessId.of(process.pid)
    process.communicate()
    return found


def ended_with(process: ProcessId, **values: float) -> Kept:
    names = {"runs": RUNS, "last": LAST, "waiting": WAITING}
    found = {names[name]: value for name, value in values.items()}
    totals = {name: value for name, value in found.items() if name == RUNS}
    return Kept(at=1.0, process=process, totals=totals, latest={k: v for k, v in found.items() if k not in totals})


def test_a_registry_is_kept_as_totals_and_latest_values() -> None:
    registry = CollectorRegistry()
    Counter("runs", "", ["kind"], registry=registry).labels("bulk").inc(2)
    Histogram("seconds", "", buckets=(1, 5), registry=registry).observe(3)
    Gauge("waiting", "", registry=registry)
    found = counted(registry, ProcessId.current())
    assert found.totals[RUNS] == 2
    assert found.totals['["seconds_bucket", {"le": "5.0"}]'] == 1
    assert found.totals['["seconds_sum", {}]'] == 3
    assert '["seconds_bucket", {"le": "1.0"}]' not in found.totals, "nothing that is still at zero"
    assert found.latest == {WAITING: 0.0}, "but for what can fall to zero"


def test_of_two_gauges_the_later_one_is_right_and_totals_are_added() -> None:
    late = Kept(at=20.0, totals={RUNS: 1}, latest={WAITING: 0})
    early = Kept(at=10.0, totals={RUNS: 2}, latest={WAITING: 7})
    for order in ([early, late], [late, early]):
        total = Kept()
        for one in order:
            total.add(one)
        assert (total.totals, total.latest) == ({RUNS: 3}, {WAITING: 0})


def test_what_ended_processes_counted_goes_into_one_file(tmp_path: Path, ended: ProcessId) -> None:
    keep(tmp_path, file_name(ended), ended_with(ended, runs=2, last=1000.0, waiting=5))
    mine = ProcessId.current()
    keep(tmp_path, file_name(mine), ended_with(mine, runs=1))
    assert fold(tmp_path) == 1
    assert sorted(file.name for file in tmp_path.glob("*.json")) == sorted([file_name(mine), ENDED])
    found = read(tmp_path / ENDED)
    assert found is not None
    assert found.totals == {RUNS: 2}
    assert found.latest == {LAST: 1000.0}, "how many wait is not known any more; when a run ended is"
    assert fold(tmp_path) == 0


def test_a_file_that_was_folded_and_not_removed_counts_once(
    tmp_path: Path, ended: ProcessId, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, file_name(ended), ended_with(ended, runs=2))
    with monkeypatch.context() as crash:
        crash.setattr("flows.metrics.kept._remove", lambda *_: None)
        fold(tmp_path)
    assert (tmp_path / file_name(ended)).exists()
    fold(tmp_path)
    found = read(tmp_path / ENDED)
    assert found is not None
    assert found.totals == {RUNS: 2}
    assert not (tmp_path / file_name(ended)).exists()


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "12-34.json").write_text("{")
    assert read(tmp_path / "12-34.json") is None
    assert fold(tmp_path) == 0


def test_a_process_of_another_container_has_ended_when_it_is_silent(tmp_path: Path, ended: ProcessId) -> None:
    found = ended_with(ended, runs=2)
    elsewhere = found.model_copy(update={"host": "other", "at": time.time()})
    keep(tmp_path, file_name(ended), elsewhere)
    assert fold(tmp_path) == 0, "that there is no such process here says nothing of one there"
    keep(tmp_path, file_name(ended), elsewhere.model_copy(update={"at": time.time() - 3600}))
    assert fold(tmp_path) == 1


def test_two_that_fold_do_not_get_into_each_other(tmp_path: Path, ended: ProcessId) -> None:
    keep(tmp_path, file_name(ended), ended_with(ended, runs=2))
    with FileLock(tmp_path / "fold.lock"):
        assert fold(tmp_path) == 0
    assert fold(tmp_path) == 1
