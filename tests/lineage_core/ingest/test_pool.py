"""The pool with real processes: a batch uses all of them, a process that dies costs what it was doing, memory holds."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from ended_processes import is_running

from lineage_core.ingest.memory import held
from lineage_core.ingest.pool import ParserPool
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 2**20
HERE = Path(__file__).parent


@pytest.fixture
def workloads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the functions; workers find it by the same path."""
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("pool_workloads")


@pytest.fixture
def pool(workloads: Any) -> Iterator[ParserPool]:  # noqa: ARG001 - it makes the functions importable
    with ParserPool(load_settings(workers=2)) as made:
        yield made


def lost(item: object, reason: str) -> Any:
    return (item, reason)


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Look at what another process does, until it is so."""
    event = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        event.wait(0.02)
    pytest.fail("it did not come to that")


def test_results_come_in_the_order_of_the_items(pool: ParserPool, workloads: Any) -> None:
    assert pool.run_batch(workloads.doubled, list(range(50)), lost) == list(range(0, 100, 2))
    assert pool.run_batch(workloads.doubled, [], lost) == []


def test_batches_come_in_order(pool: ParserPool, workloads: Any) -> None:
    batches = [list(range(start, start + 7)) for start in range(0, 70, 7)]
    assert list(pool.map_batches(workloads.doubled, batches, lost)) == [
        [2 * item for item in batch] for batch in batches
    ]


def test_one_batch_uses_all_the_workers(pool: ParserPool, workloads: Any) -> None:
    found = set(pool.run_batch(workloads.process_ids, list(range(50)), lost))
    assert len(found) == 2
    assert os.getpid() not in found


def test_sequential_work_stays_in_this_process(workloads: Any) -> None:
    with ParserPool(load_settings(workers=2), sequential=True) as pool:
        assert set(pool.run_batch(workloads.process_ids, [1, 2, 3], lost)) == {os.getpid()}
        assert list(pool.map_batches(workloads.doubled, [[1], [2]], lost)) == [[2], [4]]


def test_batches_may_come_from_several_threads(pool: ParserPool, workloads: Any) -> None:
    results: dict[int, list[int]] = {}

    def run(number: int) -> None:
        results[number] = pool.run_batch(workloads.doubled, [number] * 20, lost)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [2 * number] * 20 for number in range(8)}


def test_an_error_of_the_function_stops_the_batch_and_not_the_pool(pool: ParserPool, workloads: Any) -> None:
    with pytest.raises(ValueError, match="no 7"):
        pool.run_batch(workloads.refused, [7], lost)
    assert pool.run_batch(workloads.doubled, [1], lost) == [2]


def test_a_worker_imports_neither_prefect_nor_the_screen_nor_the_main_module(tmp_path: Path) -> None:
    """The main module of an ingest imports Prefect; a worker that did so would start 3 s later."""
    main = tmp_path / "main.py"
    main.write_text(
        "import prefect, neo4j, rich\n"
        "from pool_workloads import modules\n"
        "from lineage_core.ingest.pool import ParserPool\n"
        "from lineage_core.settings import load_settings\n"
        "if __name__ == '__main__':\n"
        "    with ParserPool(load_settings(workers=1)) as pool:\n"
        "        print(*pool.run_batch(modules, [1], None)[0])\n"
    )
    paths = os.pathsep.join([str(HERE), *sys.path])
    run = subprocess.run(
        [sys.executable, str(main)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": paths},
    )
    imported = run.stdout.split()
    assert "lineage_core.ingest.parse_stage" in imported
    assert {name.split(".")[0] for name in imported} & {"prefect", "neo4j", "rich", "typer", "main"} == set()


# A process that dies.


def test_a_killed_worker_costs_the_item_that_kills_it_again_when_alone(pool: ParserPool, workloads: Any) -> None:
    found = pool.run_batch(workloads.killed_at_thirteen, list(range(30)), lost)
    item, reason = found[13]
    assert item == 13
    assert reason.startswith("the parser process was killed, probably out of memory")
    assert [*found[:13], *found[14:]] == [*range(13), *range(14, 30)]
    assert pool.run_batch(workloads.doubled, [1, 2, 3], lost) == [2, 4, 6]


def test_a_crash_of_native_code_is_told_from_a_kill(pool: ParserPool, workloads: Any) -> None:
    found = pool.run_batch(workloads.crashed_at_thirteen, [12, 13, 14], lost)
    assert found == [12, (13, "the parser process crashed, probably on SQL that is nested too deeply"), 14]


def test_an_item_that_comes_through_alone_is_no_failure(pool: ParserPool, workloads: Any) -> None:
    items = [str(number) for number in range(20)]
    assert pool.run_batch(workloads.killed_unless_alone, items, lost) == items


def test_kill_9_from_outside_in_the_middle_of_the_work(pool: ParserPool, workloads: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pending = pool.submit_batch(workloads.marked_once, [str(mark)], lost)
    wait_for(lambda: mark.exists() and mark.read_text())
    os.kill(int(mark.read_text()), signal.SIGKILL)
    assert pending.result() == [str(mark)]


def test_a_retry_runs_while_nothing_else_does(pool: ParserPool, workloads: Any) -> None:
    batches = [["kill", *"abcdefghij", "kill"], [f"x{number}" for number in range(12)]]  # pieces of two
    found = [one for batch in pool.map_batches(workloads.intervals, batches, lost) for one in batch]
    assert sorted(name for name, _, _ in found) == sorted(name for batch in batches for name in batch)
    for begun, ended in [(begun, ended) for name, begun, ended in found if name == "kill"]:
        together = [name for name, other, until in found if other < ended and until > begun and name != "kill"]
        assert together == []


def test_closing_ends_the_processes_in_the_middle_of_their_work(workloads: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with ParserPool(load_settings(workers=2)) as pool:
        pending = pool.submit_batch(workloads.marked, [str(mark)], lost)
        wait_for(lambda: mark.exists() and mark.read_text())
    wait_for(lambda: not is_running(int(mark.read_text())))
    with pytest.raises(CancelledError):
        pending.result()


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = (
        "import sys\n"
        "from pool_workloads import marked\n"
        "from lineage_core.ingest.pool import ParserPool\n"
        "from lineage_core.settings import load_settings\n"
        "with ParserPool(load_settings(workers=1)) as pool:\n"
        "    pool.run_batch(marked, [sys.argv[1]], None)\n"
    )
    paths = os.pathsep.join([str(HERE), *sys.path])
    parent = subprocess.Popen([sys.executable, "-c", script, str(mark)], env={**os.environ, "PYTHONPATH": paths})
    wait_for(lambda: mark.exists() and mark.read_text())
    worker = int(mark.read_text())
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_running(worker))


# Memory.


def test_work_waits_while_memory_is_near_the_limit(
    workloads: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    parent = held(os.getpid())
    limit = parent + 600 * MIB
    size = int(0.9 * limit) - parent - 60 * MIB  # between the four fifths that are near and the limit
    with ParserPool(load_settings(workers=2, memory_limit=limit)) as pool:
        large = pool.submit_batch(workloads.held_until_told, [(size, str(begun), str(go_on))], lost)
        wait_for(begun.exists)
        small = pool.submit_batch(workloads.marked_once, [str(tmp_path / "small")], lost)
        wait_for(lambda: "Memory is near INGEST_MEMORY_LIMIT" in caplog.text)
        assert not (tmp_path / "small").exists()
        (tmp_path / "small").touch()
        go_on.touch()
        assert large.result() == [size]
        assert small.result() == [str(tmp_path / "small")]
    assert caplog.text.count("Memory is near") == 1


def test_a_worker_that_has_grown_is_replaced(workloads: Any) -> None:
    room = psutil.Process().memory_info().rss
    settings = load_settings(workers=1, memory_limit=2 * room + 600 * MIB)
    more_than_its_share = room // MIB + 350
    with ParserPool(settings) as pool:
        small = [pool.run_batch(workloads.kept, [1], lost)[0] for _ in range(3)]
        assert len(set(small)) == 1
        large = [pool.run_batch(workloads.kept, [more_than_its_share], lost)[0] for _ in range(3)]
        assert large[0] == small[0]
        assert len(set(large)) == 3


def test_an_item_that_needs_more_than_the_limit_fails_alone(workloads: Any) -> None:
    settings = load_settings(workers=2, memory_limit=600 * MIB)
    with ParserPool(settings) as pool:
        found = pool.run_batch(workloads.allocated, [1, 5_000, 2], lost)
    assert found == [MIB, (5_000, "the parser process ran out of memory: raise INGEST_MEMORY_LIMIT"), 2 * MIB]
