"""The tree against the graph: what happened while nobody watched is found, by size, time and then content."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from neo4j.exceptions import ClientError

from flows.watch import events
from flows.watch.reconcile import Reconciler
from flows.watch.trigger import UnderWay
from lineage_core.errors import DatabaseError, SourceError
from lineage_core.graph.planning import plan_ahead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from conftest import Forward, Watch
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.settings import Settings

    Ingested = Callable[..., None]


@pytest.fixture
def ingested(driver: Driver, database: Database, project: str, tree: Path) -> Ingested:
    """Puts File nodes of files as they are now into the graph, as a run would."""

    def put(*names: str, **properties: object) -> None:
        for name in names:
            file = tree / name
            content = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "size": file.stat().st_size}
            props = {"path": name, "project_id": project, "mtime": file.stat().st_mtime_ns, **content, **properties}
            query = "MERGE (f:File {id: $id}) SET f += $props"
            driver.execute_query(query, id=f"{project}:{name}", props=props, database_=database.name)

    return put


@pytest.fixture
def reconciler(settings: Settings, tree: Path) -> Reconciler:
    return Reconciler(settings.model_copy(update={"root": tree}))


def test_files_that_are_new_changed_or_gone_are_found(reconciler: Reconciler, tree: Path, ingested: Ingested) -> None:
    for name in ("same.sql", "changed.sql", "gone.sql", "cut.sql"):
        (tree / name).write_text("SELECT 1")
    ingested("same.sql", "changed.sql", "gone.sql")
    ingested("cut.sql", sha256=None, status="ingesting")
    (tree / "changed.sql").write_text("SELECT 22")
    (tree / "gone.sql").unlink()
    (tree / "new.sql").write_text("SELECT 1")
    found = reconciler.compare([str(tree)])
    assert found.differing == {str(tree / name) for name in ("changed.sql", "cut.sql", "new.sql")}
    assert found.gone == {str(tree / "gone.sql")}


def test_a_file_with_a_new_time_but_its_old_content_is_read_once_and_left_alone(
    reconciler: Reconciler, tree: Path, ingested: Ingested, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    ingested("a.sql")
    os.utime(tree / "a.sql")
    assert not reconciler.compare([str(tree)]).paths
    with monkeypatch.context() as patched:
        patched.setattr("flows.watch.reconcile.hash_file", None)
        assert not reconciler.compare([str(tree)]).paths, "its content is known"
    (tree / "a.sql").write_text("SELECT 2")
    assert reconciler.compare([str(tree)]).differing == {str(tree / "a.sql")}, "same size, other content"


def test_only_the_watched_folders_are_compared(reconciler: Reconciler, tree: Path, ingested: Ingested) -> None:
    for name in ("in/a.sql", "out/b.sql"):
        (tree / name).parent.mkdir()
        (tree / name).write_text("SELECT 1")
    ingested("in/a.sql", "out/b.sql")
    shutil.rmtree(tree / "out")
    assert not reconciler.compare([str(tree / "in")]).paths
    assert reconciler.compare([str(tree)]).gone == {str(tree / "out/b.sql")}


def test_what_a_run_did_not_mend_is_offered_in_ever_fewer_rounds(reconciler: Reconciler, tree: Path) -> None:
    (tree / "bad.sql").write_text("SELECT 1")
    path = str(tree / "bad.sql")
    rounds = [number for number in range(20) if reconciler.offer({path})]
    assert rounds == [0, 1, 3, 7, 15]
    (tree / "bad.sql").write_text("SELECT 22")
    assert reconciler.offer({path}) == {path}, "a change starts over"
    assert not reconciler.offer(set())
    assert reconciler.offer({path}) == {path}, "and so does a file that was right in between"


def test_without_root_or_database_nothing_is_compared(settings: Settings, tree: Path) -> None:
    with pytest.raises(SourceError, match="not there"):
        Reconciler(settings.model_copy(update={"root": tree / "unmounted"})).compare([str(tree)])
    for uri in ("bolt://127.0.0.1:9", ""):
        with pytest.raises(DatabaseError):
            Reconciler(settings.model_copy(update={"neo4j_uri": uri})).compare([str(tree)])


def test_a_watcher_finds_at_its_start_what_happened_while_there_was_none(
    watch: Watch, tree: Path, ingested: Ingested
) -> None:
    for name in ("a.sql", "b.sql", "c.sql"):
        (tree / name).write_text("SELECT 1")
    ingested("a.sql", "b.sql", "c.sql")
    with watch() as watching:
        assert watching.trigger.batches.empty()
    (tree / "a.sql").unlink()
    (tree / "b.sql").write_text("SELECT 22")
    with watch() as watching:
        assert watching.run() == {"a.sql", "b.sql"}


def test_it_compares_again_and_again(watch: Watch, tree: Path, ingested: Ingested) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    ingested("a.sql")
    with watch(watch_reconcile_seconds=0.5) as watching:
        ingested("a.sql", sha256="of another content", mtime=0)  # such as a run that wrote something else
        assert watching.run() == {"a.sql"}


def test_neo4j_plans_the_statements_of_runs_once_and_writes_nothing_for_it(
    watch: Watch, tree: Path, driver: Driver, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = queue.Queue[str]()

    def plan(asked: Driver, name: str) -> None:
        plan_ahead(asked, name)
        planned.put(name)

    monkeypatch.setattr("flows.watch.reconcile.plan_ahead", plan)
    with watch(watch_reconcile_seconds=0.2) as watching:
        assert planned.get(timeout=30) == database.name
        (tree / "a.sql").write_text("SELECT 1")
        watching.runs_until("a.sql")
        first = watching.state.last_reconcile
        assert first is not None
        watching.until(f"state.last_reconcile.at != {first.at!r}")
    assert planned.empty(), "the next comparison did not plan again"
    found, _, _ = driver.execute_query("MATCH (n {project_id: ''}) RETURN count(n) AS n", database_=database.name)
    assert found[0]["n"] == 0


def test_neo4j_does_not_plan_ahead_beside_the_run_that_brings_the_graph_up_to_date(
    watch: Watch, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = queue.Queue[int]()
    (tree / "a.sql").write_text("SELECT 1")
    with watch() as watching:
        monkeypatch.setattr("flows.watch.reconcile.plan_ahead", lambda *_: planned.put(watching.trigger.runs.at_work))
        watching.trigger.runs = UnderWay(at_work=1)
        assert watching.run() == {"a.sql"}
        asked = watching.trigger.asked
        while watching.trigger.asked < asked + 2:
            watching.until("True")
        watching.trigger.runs = UnderWay()
        assert planned.get(timeout=30) == 0


def test_a_database_that_may_only_be_read_is_compared_all_the_same(
    reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise ClientError("writes are forbidden")

    monkeypatch.setattr("flows.watch.reconcile.plan_ahead", refuse)
    with caplog.at_level("INFO"):
        reconciler.plan_ahead()
    assert "will wait for Neo4j to plan its statements: writes are forbidden" in caplog.text


def test_a_comparison_does_not_hold_the_window_open(watch: Watch, tree: Path) -> None:
    with watch(watch_debounce_seconds=2.0, watch_max_wait_seconds=60.0, watch_reconcile_seconds=0.2) as watching:
        began = time.monotonic()
        (tree / "a.sql").write_text("SELECT 1")
        assert watching.run() == {"a.sql"}
        assert time.monotonic() - began < 30, "the quiet closed it, not the maximum wait"


def test_runs_under_way_may_be_writing_what_differs_and_are_waited_for(
    watch: Watch, tree: Path, ingested: Ingested
) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    with watch(ready=False) as watching:
        watching.trigger.runs = UnderWay(at_work=1)
        asked = watching.trigger.asked
        while watching.trigger.asked < asked + 2:
            watching.until("True")
        ingested("a.sql")
        watching.trigger.runs = UnderWay()
        watching.until("state.last_reconcile")
        (tree / "b.sql").touch()
        assert watching.run() == {"b.sql"}


def test_a_database_that_is_down_is_asked_again_until_it_is_up(
    watch: Watch, tree: Path, forward: Forward, settings: Settings
) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    port = forward(urlsplit(settings.neo4j_uri).port)
    with watch(ready=False, neo4j_uri=f"bolt://127.0.0.1:{port.port}") as watching:
        watching.until("state.last_error and 'does not answer' in state.last_error.message")
        (tree / "b.sql").touch()
        assert watching.run() == {"b.sql"}, "the watch does not need the database"
        port.up()
        assert watching.run() == {"a.sql", "b.sql"}


def test_whatever_breaks_the_watch_it_is_made_anew_and_nothing_is_missed(
    watch: Watch, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = events.awatch, []

    async def breaking(*paths: object, **options: object) -> AsyncIterator[object]:
        if broken:
            async for changes in real(*paths, **options):
                yield changes
        broken.append(paths)
        (tree / "unseen.sql").write_text("SELECT 1")
        raise ExceptionGroup("watch", [RuntimeError("OS file watch limit reached")])

    monkeypatch.setattr(events, "awatch", breaking)
    with watch() as watching:
        assert watching.run() == {"unseen.sql"}
        assert "max_user_watches" in watching.state.last_error.message
        (tree / "seen.sql").touch()
        assert watching.run() == {"seen.sql"}


@pytest.mark.parametrize("how", ["moved", "unmounted"])
def test_a_root_that_goes_is_not_a_tree_of_deleted_files(
    watch: Watch, tree: Path, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "etl").mkdir()
    for name in ("etl/a.sql", "b.sql"):
        (tree / name).write_text("SELECT 1")
    with watch() as watching:
        watching.run()
        if how == "moved":
            tree.rename(tmp_path / "away")
        else:
            shutil.copytree(tree, tmp_path / "away")
            shutil.rmtree(tree)
            monkeypatch.setattr("flows.watch.roots.Root.mark", lambda _: (-1, 0) if tree.exists() else None)
            tree.mkdir()
        watching.until("state.missing")
        assert watching.trigger.batches.empty()
        if how == "moved":
            (tmp_path / "away" / "new.sql").write_text("SELECT 1")
            (tmp_path / "away").rename(tree)
        else:
            monkeypatch.undo()
            shutil.copytree(tmp_path / "away", tree, dirs_exist_ok=True)
            (tree / "new.sql").write_text("SELECT 1")
        assert {"etl/a.sql", "b.sql", "new.sql"} == watching.runs_until("new.sql") - {"etl"}
        assert not watching.state.missing
