"""Runs that overlap: of each file the content that was observed last is in the graph, whoever writes last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph.dead_letters import read
from lineage_core.graph.snapshot import snapshot
from lineage_core.graph.transaction import Work
from lineage_core.model.rows import NodeRow

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer
    from lineage_core.model.changes import GraphChanges
    from lineage_core.model.rows import FileRows

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

COLUMNS = "MATCH (n:Column {project_id: $project}) RETURN n.name ORDER BY n.name"
FILES = "MATCH (f:File {project_id: $project}) RETURN f.path, f.status, f.run_id ORDER BY f.path"
EVERYTHING = "MATCH (n {project_id: $project}) RETURN n.name ORDER BY n.name"

WIDE = [f"c{number:02d}" for number in range(60)]
LARGE = [f"l{number:02d}" for number in range(60)]
"""Columns of a file that is large if a batch is two rows."""

WAYS = [{}, {"batch_size": 2}, {"batching": False}]
"""In one transaction, in parts, row by row."""


def at(minute: int) -> str:
    """A time of this morning."""
    return (datetime.now(UTC) - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()


def seen(file: FileRows, when: str) -> FileRows:
    """The file as it was looked at then; not part of what it says."""
    return file.model_copy(update={"file": {**file.file, "observed_at": when}})


@pytest.mark.parametrize("options", WAYS, ids=["whole", "parts", "plain"])
def test_an_earlier_look_that_comes_late_changes_nothing(
    make_writer: MakeWriter, rows: Any, query: Query, options: dict[str, Any]
) -> None:
    make_writer("new").write([seen(rows.table("a.sql", "t", "new"), at(2))])
    done = make_writer("old", **options).write([seen(rows.table("a.sql", "t", *WIDE), at(1))])
    assert (done.files_superseded, done.files_written, done.changes.total) == (1, 0, 0)
    assert query(COLUMNS) == ["new"]
    assert query(FILES) == [("a.sql", "ok", "new")]


@pytest.mark.parametrize("options", WAYS, ids=["whole", "parts", "plain"])
def test_a_later_look_wins_and_so_does_the_same_one_tried_again(
    make_writer: MakeWriter, rows: Any, query: Query, options: dict[str, Any]
) -> None:
    make_writer("old").write([seen(rows.table("a.sql", "t", *WIDE), at(1))])
    for columns in (["x"], ["y"]):
        done = make_writer("new", **options).write([seen(rows.table("a.sql", "t", *columns), at(2))])
        assert (done.files_written, done.files_superseded) == (1, 0)
        assert query(COLUMNS) == columns


def test_the_other_files_of_a_batch_are_written(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer("new").write([seen(rows.table("b.sql", "u", "new"), at(2))])
    batch = [seen(rows.table(f"{name}.sql", table, "old"), at(1)) for name, table in zip("abc", "tuv", strict=True)]
    done = make_writer("old").write(batch)
    assert (done.files_written, done.files_superseded) == (2, 1)
    assert query(FILES) == [("a.sql", "ok", "old"), ("b.sql", "ok", "new"), ("c.sql", "ok", "old")]


def test_a_look_in_the_future_was_made_by_a_wrong_clock_and_holds_nobody_off(
    make_writer: MakeWriter, rows: Any, query: Query
) -> None:
    make_writer().write([seen(rows.table("a.sql", "t", "x"), at(600))])
    make_writer("next").write([seen(rows.table("a.sql", "t", "y"), at(1))])
    assert query(COLUMNS) == ["y"]


def test_files_without_a_time_are_taken_as_they_come(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([seen(rows.table("a.sql", "t", "x"), at(2))])
    make_writer().write([rows.table("a.sql", "t", "y")])
    make_writer().write([seen(rows.table("a.sql", "t", "z"), at(1))])
    assert query(COLUMNS) == ["z"]


def test_a_superseded_file_leaves_no_dead_letters(make_writer: MakeWriter, rows: Any, tmp_path: Path) -> None:
    make_writer().write([seen(rows.table("a.sql", "t", "x"), at(2))])
    old = rows.table("a.sql", "t", "x", "y")
    poison = NodeRow.model_construct(**{**dict(old.nodes[2]), "props": {"data_type": {"a": 1}}})
    make_writer().write([seen(old.model_copy(update={"nodes": [*old.nodes[:2], poison]}), at(1))])
    assert list(read(tmp_path / "failed.jsonl")) == []


def after(monkeypatch: pytest.MonkeyPatch, number: int, then: Callable[[], object]) -> None:
    """Let something else happen once this many commits are through."""
    commit, commits = Work.commit, []

    def counted(work: Work) -> GraphChanges:
        done = commit(work)
        commits.append(work)
        if len(commits) == number:
            then()
        return done

    monkeypatch.setattr(Work, "commit", counted)


@pytest.mark.parametrize("number", [1, 2, 20, 31, 40])
def test_a_later_look_that_comes_between_the_parts_of_an_earlier_one_wins(
    make_writer: MakeWriter, rows: Any, driver: Driver, database: Database, project: str, query: Query,
    monkeypatch: pytest.MonkeyPatch, number: int,
) -> None:  # fmt: skip
    newer = seen(rows.table("a.sql", "t", "c05", "new"), at(2))
    make_writer("new").write([newer])
    clean = snapshot(driver, database.name, project)
    make_writer().delete(["a.sql"])
    make_writer("first").write([seen(rows.table("a.sql", "t", *LARGE), at(0))])
    with monkeypatch.context() as patch:
        after(patch, number, lambda: make_writer("new").write([newer]))
        done = make_writer("old", batch_size=2).write([seen(rows.table("a.sql", "t", *WIDE), at(1))])
    assert done.files_superseded == 1
    assert query(FILES) == [("a.sql", "ok", "new")]
    assert snapshot(driver, database.name, project) == clean


def test_on_the_plain_path_a_file_that_two_runs_wrote_at_once_is_written_anew(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = seen(rows.table("a.sql", "t", "new"), at(2))
    apply = Work.apply

    def apply_late(work: Work, difference: Any) -> None:
        monkeypatch.setattr(Work, "apply", apply)
        make_writer("new").write([newer])
        apply(work, difference)

    monkeypatch.setattr(Work, "apply", apply_late)
    done = make_writer("old", batching=False).write([seen(rows.table("a.sql", "t", "old"), at(1))])
    assert done.files_superseded == 1
    assert query(FILES) == [("a.sql", "ingesting", "new")]
    make_writer("next").write([seen(rows.table("a.sql", "t", "new"), at(3))])
    assert query(EVERYTHING) == ["a.sql", "new", "t"]


@pytest.mark.parametrize("options", WAYS, ids=["whole", "parts", "plain"])
def test_a_file_that_was_seen_again_after_it_was_gone_stays(
    make_writer: MakeWriter, rows: Any, query: Query, options: dict[str, Any]
) -> None:
    make_writer().write([seen(rows.table("a.sql", "t", *WIDE), at(2)), seen(rows.table("b.sql", "u", "x"), at(0))])
    done = make_writer(**options).delete(["a.sql", "b.sql"], at(1))
    assert (done.files_deleted, done.files_superseded) == (1, 1)
    assert query(FILES) == [("a.sql", "ok", "run-1")]
    assert query(COLUMNS) == WIDE
    assert make_writer(**options).delete(["a.sql"], at(3)).files_deleted == 1
    assert query(EVERYTHING) == []


@pytest.mark.parametrize("number", [1, 2, 30])
def test_a_file_that_comes_back_between_the_parts_of_its_deletion_stays(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_writer().write([seen(rows.table("a.sql", "t", *WIDE), at(0))])
    with monkeypatch.context() as patch:
        after(patch, number, lambda: make_writer("new").write([seen(rows.table("a.sql", "t", *WIDE[5:]), at(2))]))
        done = make_writer("old", batch_size=1).delete(["a.sql"], at(1))
    assert (done.files_deleted, done.files_superseded) == (0, 1)
    assert query(FILES) == [("a.sql", "ok", "new")]
    assert query(COLUMNS) == WIDE[5:]


def test_what_is_kept_beside_the_rows_is_only_set_on_the_content_it_is_about(
    make_writer: MakeWriter, rows: Any, query: Query
) -> None:
    times = "MATCH (f:File {project_id: $project}) RETURN f.mtime, f.observed_at"
    file = seen(rows.table("a.sql", "t", "x"), at(2))
    writer = make_writer()
    writer.write([file])
    sha256, later = file.file["sha256"], at(5)
    writer.touch([{"path": "a.sql", "sha256": sha256, "props": {"mtime": 1, "observed_at": at(1)}}])
    assert query(times) == [(None, file.file["observed_at"])], "an earlier look"
    writer.touch([{"path": "a.sql", "sha256": "of another content", "props": {"mtime": 1, "observed_at": later}}])
    assert query(times) == [(None, file.file["observed_at"])]
    assert (
        writer.touch([{"path": "a.sql", "sha256": sha256, "props": {"mtime": 1, "observed_at": later}}]).changes.total
        == 0
    )
    assert query(times) == [(1, later)]
    writer.touch([{"path": "gone.sql", "props": {"mtime": 1}}])
    assert query(FILES) == [("a.sql", "ok", "run-1")]


def test_an_unchanged_file_s_later_look_is_remembered(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    same = rows.table("a.sql", "t", "x")
    make_writer().write([seen(same, at(1))])
    make_writer("again").write([seen(same, at(3))])
    make_writer("late").write([seen(rows.table("a.sql", "t", "y"), at(2))])
    assert query(COLUMNS) == ["x"]
