"""The writer: differences, ownership, staleness, atomic files, the same graph with and without batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from neo4j.exceptions import ServiceUnavailable

from lineage_core.graph.snapshot import snapshot
from lineage_core.graph.transaction import Work
from lineage_core.model.changes import GraphChanges
from lineage_core.model.files import FileStatus

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

COLUMNS = "MATCH (n:Column {project_id: $project}) RETURN n.name ORDER BY n.name"
RUNS = "MATCH ()-[r:CONTAINS {project_id: $project}]->(c) RETURN c.name, r.run_id ORDER BY c.name"


def test_a_new_file_is_created(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    done = make_writer().write([rows.table("a.sql", "t", "x", "y")])
    assert done.changes == GraphChanges(nodes_created=4, relationships_created=3)
    assert query(COLUMNS) == ["x", "y"]
    assert query("MATCH (n:Table {project_id: $project}) RETURN labels(n)") == [["DataAsset", "Table"]]
    assert query("MATCH (f:File {project_id: $project}) RETURN f.sha256 IS NOT NULL AND f.rows_digest IS NOT NULL") == [
        True
    ]


def test_the_same_digest_costs_one_look(make_writer: MakeWriter, rows: Any) -> None:
    file = rows.table("a.sql", "t", "x")
    make_writer().write([file])
    done = make_writer("run-2").write([file])
    assert (done.files_unchanged, done.files_written, done.changes.total) == (1, 0, 0)


def test_the_same_rows_write_nothing_even_if_they_are_compared(make_writer: MakeWriter, rows: Any) -> None:
    file = rows.table("a.sql", "t", "x")
    make_writer().write([file])
    done = make_writer("run-2").write([file.model_copy(update={"digest": "another"})])
    assert (done.files_written, done.changes.total) == (1, 0)


def test_only_the_difference_is_written(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([rows.table("a.sql", "t", "gone", "kept")])
    done = make_writer("run-2").write([rows.table("a.sql", "t", "kept", "new")])
    assert done.changes == GraphChanges(
        nodes_created=1, nodes_deleted=1, relationships_created=1, relationships_deleted=1
    )
    assert query(RUNS) == [("kept", "run-1"), ("new", "run-2")]


def test_another_line_is_an_update_in_place(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    file = rows.table("a.sql", "t", "x")
    make_writer().write([file])
    moved = rows.file("a.sql", file.nodes, [file.rels[0], rows.contains("a.sql", "t", "x", line=7)])
    done = make_writer("run-2").write([moved])
    assert done.changes == GraphChanges(relationships_updated=1)
    assert query("MATCH ()-[r:CONTAINS {project_id: $project}]->() RETURN r.line, r.run_id") == [(7, "run-1")]


def test_a_node_lives_as_long_as_somebody_needs_it(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    reader = rows.file("b.sql", [rows.asset("t", owned=False), rows.asset("u")], [rows.derives("b.sql", "u", "t")])
    make_writer().write([rows.table("a.sql", "t", "x"), reader])
    assert make_writer().delete(["a.sql"]).changes.nodes_deleted == 2, "the column and the File"
    assert query("MATCH (n:DataAsset {project_id: $project}) RETURN n.name ORDER BY n.name") == ["t", "u"]
    make_writer().delete(["b.sql"])
    assert query("MATCH (n {project_id: $project}) RETURN count(n)") == [0]


def test_the_owner_decides_what_a_node_looks_like(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    shown = "MATCH (n:DataAsset {project_id: $project}) RETURN labels(n), n.description, n.external_ref"
    make_writer().write(
        [rows.file("a.sql", [rows.asset("t", sublabel="Table", description="d")], [rows.defines("a.sql", "t")])]
    )
    make_writer().write([rows.file("b.sql", [rows.asset("t", owned=False)], [rows.defines("b.sql", "t")])])
    assert query(shown) == [(["DataAsset", "Table"], "d", None)]
    make_writer().write(
        [rows.file("a.sql", [rows.asset("t", sublabel="View", external_ref=True)], [rows.defines("a.sql", "t")])]
    )
    assert query(shown) == [(["DataAsset", "View"], None, True)]


def test_a_failed_file_deletes_nothing_and_is_stale(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    stale = "MATCH ()-[r {project_id: $project}]->() RETURN count(r), count(r.stale)"
    good = rows.table("a.sql", "t", "x")
    make_writer().write([good])
    make_writer().write([rows.file("a.sql", [], [], FileStatus.FAILED)])
    assert query(stale) == [(2, 2)]
    make_writer().write([good])
    assert query(stale) == [(2, 0)]


def test_what_vanished_from_a_partial_file_is_stale(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([rows.table("a.sql", "t", "x", "y")])
    make_writer().write([rows.table("a.sql", "t", "x", status=FileStatus.PARTIAL)])
    assert query("MATCH ()-[r:CONTAINS {project_id: $project}]->(c) RETURN c.name, r.stale ORDER BY c.name") == [
        ("x", None),
        ("y", True),
    ]
    make_writer().write([rows.table("a.sql", "t", "x")])
    assert query(COLUMNS) == ["x"]


def test_a_second_try_counts_what_the_first_had_committed(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [rows.table(f"{name}.sql", name, "x") for name in "abc"]
    commit, commits = Work.commit, []

    def fail_once_at_the_second(work: Work) -> GraphChanges:
        commits.append(work)
        if len(commits) == 2:
            raise ServiceUnavailable("gone for a moment")
        return commit(work)

    monkeypatch.setattr(Work, "commit", fail_once_at_the_second)
    writer = make_writer(batch_size=2)  # a transaction a file
    with pytest.raises(ServiceUnavailable):
        writer.write(files)
    done = writer.write(files)
    assert (done.files_written, done.files_unchanged) == (3, 0)
    assert done.changes == GraphChanges(nodes_created=9, relationships_created=6)
    assert len(query(COLUMNS)) == 3


def test_a_crash_leaves_a_large_file_not_ingested(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rows.table("a.sql", "t", *(f"c{number:03d}" for number in range(60)))
    commit, commits = Work.commit, []

    def crash_at_the_fourth(work: Work) -> GraphChanges:
        commits.append(work)
        if len(commits) == 4:
            raise KeyboardInterrupt
        return commit(work)

    monkeypatch.setattr(Work, "commit", crash_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        make_writer(batch_size=1).write([file])
    assert query("MATCH (f:File {project_id: $project}) RETURN f.status, f.sha256, f.rows_digest") == [
        ("ingesting", None, None)
    ]
    monkeypatch.setattr(Work, "commit", commit)
    make_writer(batch_size=1).write([file])
    assert len(query(COLUMNS)) == 60
    assert query("MATCH (f:File {project_id: $project}) RETURN f.status") == ["ok"]


def test_the_plain_path_makes_the_same_graph(
    make_writer: MakeWriter, rows: Any, driver: Driver, database: Database, project: str
) -> None:
    first = [rows.table("a.sql", "t", "x", "y"), rows.table("b.sql", "u", "z")]
    second = [rows.table("a.sql", "t", "y", "w"), rows.file("b.sql", [], [], FileStatus.FAILED)]
    seen = []
    for batching in (True, False):
        make_writer(batching=batching).write(first)
        make_writer(batching=batching).write(second)
        seen.append(snapshot(driver, database.name, project))
        make_writer(batching=batching).delete(["a.sql", "b.sql"])
    assert seen[0] == seen[1]
    assert seen[0].rels
