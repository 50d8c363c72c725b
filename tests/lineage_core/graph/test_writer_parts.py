"""A file too large for one transaction: several, of which the last one says that it is ingested."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph.snapshot import snapshot
from lineage_core.graph.transaction import Work
from lineage_core.model.files import FileStatus

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer
    from lineage_core.model.changes import GraphChanges

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

COLUMNS = "MATCH (n:Column {project_id: $project}) RETURN n.name ORDER BY n.name"
INGESTED = "MATCH (f:File {project_id: $project}) RETURN f.status, f.sha256 IS NULL, f.rows_digest IS NULL"
LONELY = "MATCH (n {project_id: $project}) WHERE NOT n:File AND NOT EXISTS { (n)--() } RETURN n.name"
DOUBLE = (
    "MATCH (a {project_id: $project})-[r]->(b) "
    "WITH a, b, type(r) AS type, r.source_file AS file, count(*) AS times WHERE times > 1 RETURN a.name, type, b.name"
)

WIDE = [f"c{number:02d}" for number in range(60)]
"""Columns of a file of 122 rows: large if a batch is one or two rows."""


class Crash(BaseException):
    """The process is gone."""


def crash_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the commit of this number (1: the first) not happen."""
    commit, commits = Work.commit, []

    def counted(work: Work) -> GraphChanges:
        commits.append(work)
        if len(commits) == number:
            raise Crash
        return commit(work)

    monkeypatch.setattr(Work, "commit", counted)


def test_the_parts_make_the_same_graph_as_one_transaction(
    make_writer: MakeWriter, rows: Any, driver: Driver, database: Database, project: str
) -> None:
    steps = [rows.table("a.sql", "t", *WIDE), rows.table("a.sql", "t", *WIDE[10:], "new")]
    seen = []
    for batch in (1000, 2):
        for step in steps:
            make_writer(batch_size=batch).write([step])
        seen.append(snapshot(driver, database.name, project))
        make_writer().delete(["a.sql"])
    assert seen[0] == seen[1]


def test_a_large_file_is_counted_as_a_small_one_is(make_writer: MakeWriter, rows: Any) -> None:
    small, large = make_writer(), make_writer(batch_size=2)
    file = rows.table("a.sql", "t", *WIDE)
    one = small.write([file])
    small.delete(["a.sql"])
    parts = large.write([file])
    assert (parts.changes, parts.files_written) == (one.changes, one.files_written)
    assert large.write([file]).files_unchanged == 1


@pytest.mark.parametrize("number", [1, 2, 3, 5, 20, 32, 33])
def test_wherever_it_stops_the_next_run_repairs_it(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        crash_at(patch, number)
        with pytest.raises(Crash):
            make_writer(batch_size=2).write([rows.table("a.sql", "t", *WIDE)])
    assert query(INGESTED) in ([], [("ingesting", True, True)])
    make_writer(batch_size=2).write([rows.table("a.sql", "t", *WIDE)])
    assert query(COLUMNS) == WIDE
    assert query(INGESTED) == [("ok", False, False)]
    assert query(DOUBLE) == []


@pytest.mark.parametrize("number", [2, 10, 30, 33])
def test_what_a_crash_left_goes_even_if_the_file_was_mended_meanwhile(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        crash_at(patch, number)
        with pytest.raises(Crash):
            make_writer(batch_size=2).write([rows.table("a.sql", "t", *WIDE)])
    make_writer().write([rows.table("a.sql", "t", "x")])
    assert query(COLUMNS) == ["x"]
    assert query(LONELY) == []


@pytest.mark.parametrize("number", [1, 2, 20, 32, 40, 61, 62])
def test_a_crash_while_rows_go_leaves_no_node_behind(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_writer().write([rows.table("a.sql", "t", *WIDE)])
    smaller = rows.table("a.sql", "t", *(f"n{number:02d}" for number in range(60)))
    with monkeypatch.context() as patch:
        crash_at(patch, number)
        with pytest.raises(Crash):
            make_writer(batch_size=2).write([smaller])
    assert query(INGESTED) in ([("ok", False, False)], [("ingesting", True, True)])
    make_writer(batch_size=2).write([smaller])
    assert query(COLUMNS) == [row.name for row in smaller.nodes[1:]]
    assert query(LONELY) == []


def test_a_crashed_file_that_is_deleted_leaves_nothing(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash_at(patch, 20)
        with pytest.raises(Crash):
            make_writer(batch_size=2).write([rows.table("a.sql", "t", *WIDE)])
    make_writer().delete(["a.sql"])
    assert query("MATCH (n {project_id: $project}) RETURN n.name") == []


def test_a_failed_large_file_keeps_what_it_said(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([rows.table("a.sql", "t", *WIDE)])
    failed = rows.table("a.sql", "t", *WIDE, status=FileStatus.FAILED)
    make_writer(batch_size=1).write([failed])
    assert query("MATCH ()-[r {project_id: $project}]->() RETURN count(r), count(r.stale)") == [(61, 61)]
    assert query(COLUMNS) == WIDE


def test_a_poison_row_in_a_large_file_makes_no_row_double(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    file = rows.table("a.sql", "t", *WIDE)
    bad = rows.contains("a.sql", "t", "missing")
    done = make_writer(batch_size=2).write([file.model_copy(update={"rels": [*file.rels, bad]})])
    assert done.dead_letters == 1
    assert query(DOUBLE) == []
    assert query("MATCH ()-[r:CONTAINS {project_id: $project}]->() RETURN count(r)") == [60]
