"""The plain path, one row a transaction: slower, and otherwise the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph.dead_letters import read
from lineage_core.graph.snapshot import Snapshot, snapshot
from lineage_core.graph.transaction import Work
from lineage_core.model.files import FileStatus
from lineage_core.model.rows import NodeRow

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer, WriteResult
    from lineage_core.model.rows import FileRows

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

DOUBLE = (
    "MATCH (a {project_id: $project})-[r]->(b) "
    "WITH a, b, type(r) AS type, r.source_file AS file, count(*) AS times WHERE times > 1 RETURN a.name, type, b.name"
)


def mixed(rows: Any) -> list[list[FileRows]]:
    """Runs over a small tree in which everything happens that can happen to a file."""
    reader = rows.file("r.sql", [rows.asset("t", owned=False), rows.asset("r")], [rows.derives("r.sql", "r", "t")])
    described = rows.file(
        "t.sql", [rows.asset("t", sublabel="View", description="now a view")], [rows.defines("t.sql", "t")]
    )
    return [
        [
            rows.table("t.sql", "t", "x", "y"),
            reader,
            rows.table("f.sql", "f", "z"),
            rows.table("p.sql", "p", "a", "b"),
            rows.file("empty.sql", [], []),
        ],
        [
            described,
            reader,
            rows.file("f.sql", [], [], FileStatus.FAILED),
            rows.table("p.sql", "p", "b", "c", status=FileStatus.PARTIAL),
            rows.table("new.sql", "new"),
        ],
        [rows.table("f.sql", "f", "z"), rows.table("p.sql", "p", "c"), rows.table("t.sql", "t", "y")],
    ]


@pytest.fixture
def seen(driver: Driver, database: Database, project: str) -> Callable[[], Snapshot]:
    """The project's graph now."""
    return lambda: snapshot(driver, database.name, project)


def test_run_by_run_the_graph_and_the_counts_are_the_same(
    make_writer: MakeWriter, rows: Any, seen: Callable[[], Snapshot], query: Query
) -> None:
    ways: list[list[Any]] = []
    for batching in (True, False):
        steps: list[Any] = []
        for number, files in enumerate(mixed(rows)):
            done: WriteResult = make_writer(f"run-{number}", batching=batching).write(files)
            steps += [done, seen(), query("MATCH ()-[r {project_id: $project}]->() RETURN count(r), count(r.stale)")]
        gone = make_writer(batching=batching).delete(["t.sql", "p.sql"])
        ways.append([*steps, gone, seen()])
        make_writer().delete(["r.sql", "f.sql", "empty.sql", "new.sql"])
        assert query("MATCH (n {project_id: $project}) RETURN n.id") == []
    assert ways[0] == ways[1]


def test_a_poison_row_costs_itself(
    make_writer: MakeWriter, rows: Any, seen: Callable[[], Snapshot], query: Query, tmp_path: Path
) -> None:
    file = rows.table("a.sql", "t", "x", "y", "z")
    poison = NodeRow.model_construct(**{**dict(file.nodes[2]), "props": {"data_type": {"a": 1}}})
    bad = file.model_copy(update={"nodes": [file.nodes[0], file.nodes[1], poison, file.nodes[3]]})
    graphs = []
    for batching in (True, False):
        done = make_writer(batching=batching).write([bad])
        assert done.dead_letters == 2, "the node, and the relationship that needs it"
        assert query(DOUBLE) == []
        graphs.append(seen())
        make_writer().delete(["a.sql"])
    assert graphs[0] == graphs[1]
    assert [letter.kind for letter in read(tmp_path / "failed.jsonl")] == ["node", "relationship"] * 2


@pytest.mark.parametrize("number", [1, 3, 6, 9, 12])
def test_wherever_it_stops_the_next_run_repairs_it(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run, runs = Work.run, []

    def counted(work: Work, statement: str, some: Any, **options: Any) -> None:
        runs.append(statement)
        if len(runs) == number:
            raise KeyboardInterrupt
        run(work, statement, some, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "run", counted)
        with pytest.raises(KeyboardInterrupt):
            make_writer(batching=False).write(mixed(rows)[0])
    make_writer().write([rows.table("t.sql", "other", "w")])
    make_writer().delete(["r.sql", "f.sql", "p.sql", "empty.sql"])
    assert query("MATCH (n {project_id: $project}) RETURN n.name ORDER BY n.name") == ["other", "t.sql", "w"]
