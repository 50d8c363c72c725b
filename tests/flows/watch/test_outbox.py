"""From windows to runs: Prefect may be down or busy, and nothing is lost, doubled or queued up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.watch.requests import ask_to_flush
from flows.watch.trigger import UnderWay

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Watch


def test_while_prefect_is_down_changes_are_kept_and_tried_again_as_the_same_run(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        trigger = watching.trigger
        trigger.broken = ConnectionError("refused")
        (tree / "a.sql").touch()
        first = trigger.tries.get(timeout=15)
        (tree / "b.sql").touch()
        assert trigger.tries.get(timeout=15) == first, "the answer may be what was lost: so the key stays"
        watching.until("state.last_error and 'refused' in state.last_error.message")
        watching.until("state.pending_count == 2")
        trigger.broken = None
        assert watching.run() == {"a.sql"}
        assert watching.run() == {"b.sql"}
        watching.until("state.pending_count == 0")


def test_windows_that_close_while_a_run_waits_are_one_run_later(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        watching.trigger.runs = UnderWay(waiting=1)
        for name in ("a.sql", "b.sql", "a.sql", "c.sql"):
            (tree / name).write_text(name)
            assert "has not begun" in ask_to_flush(watching.settings), "its window is closed"
        assert watching.trigger.batches.empty()
        assert watching.state.pending_count == 3
        watching.trigger.runs = UnderWay()
        assert watching.run() == {"a.sql", "b.sql", "c.sql"}
        watching.until("not state.held and not state.pending")


def test_one_run_may_wait_behind_one_at_work_and_no_more(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        watching.trigger.runs = UnderWay(at_work=1)
        (tree / "a.sql").touch()
        assert watching.run() == {"a.sql"}
        watching.trigger.runs = UnderWay(at_work=2)
        (tree / "b.sql").touch()
        watching.until("state.held")
        watching.trigger.runs = UnderWay(at_work=1)
        assert watching.run() == {"b.sql"}


def test_nobody_is_asked_while_nothing_waits(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        (tree / "a.sql").touch()
        watching.run()
        watching.until("not state.pending and not state.batch")
        assert watching.trigger.asked == 1


def test_a_watcher_that_stops_leaves_its_changes_to_the_next(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        watching.trigger.broken = ConnectionError("refused")
        (tree / "sent.sql").touch()
        batch = watching.trigger.tries.get(timeout=15)
        (tree / "pending.sql").touch()
        watching.until("state.pending")
    with watch(ready=False, neo4j_uri="bolt://127.0.0.1:9") as watching:
        assert watching.trigger.batches.get(timeout=15) == batch, "with its key: the server may have it already"
        assert watching.run() == {"pending.sql"}


def test_flush_closes_the_window_by_hand(watch: Watch, tree: Path) -> None:
    with watch(watch_debounce_seconds=60.0, watch_max_wait_seconds=60.0) as watching:
        asked = watching.settings
        assert ask_to_flush(asked) == "Nothing is waiting."
        (tree / "a.sql").touch()
        assert "1 path" in ask_to_flush(asked), "saved just before"
        assert watching.run() == {"a.sql"}
        watching.trigger.runs = UnderWay(waiting=1)
        (tree / "b.sql").touch()
        assert "has not begun" in ask_to_flush(asked)
        watching.trigger.runs = UnderWay()
        watching.trigger.broken = ConnectionError("refused")
        watching.trigger.tries.get(timeout=15)
        watching.trigger.tries.get(timeout=15)
        (tree / "c.sql").touch()
        assert "refused" in ask_to_flush(asked)
        watching.trigger.broken = None
        assert {"b.sql", "c.sql"} <= watching.runs_until("c.sql")
