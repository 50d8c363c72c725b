"""Files that are gone: they and all they said, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph.transaction import Work
from lineage_core.model.changes import GraphChanges

if TYPE_CHECKING:
    from lineage_core.graph.writer import Writer

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

EVERYTHING = "MATCH (n {project_id: $project}) RETURN n.name ORDER BY n.name"
WIDE = [f"c{number:02d}" for number in range(60)]


def test_more_files_than_a_transaction_takes(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    files = [rows.table(f"{number:02d}.sql", f"t{number:02d}", "x") for number in range(60)]
    make_writer().write([*files, rows.table("kept.sql", "kept")])
    done = make_writer().delete([file.path for file in files])
    assert (done.files_deleted, done.changes) == (60, GraphChanges(nodes_deleted=180, relationships_deleted=120))
    assert query(EVERYTHING) == ["kept", "kept.sql"]


def test_a_file_that_is_not_in_the_graph_deletes_nothing(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([rows.table("a.sql", "t", "x")])
    assert make_writer().delete(["b.sql"]).changes.total == 0
    assert make_writer().delete([]).changes.total == 0
    assert query(EVERYTHING) == ["a.sql", "t", "x"]


def test_the_word_of_another_file_stays(make_writer: MakeWriter, rows: Any, query: Query) -> None:
    make_writer().write([rows.table("a.sql", "t", "x", "y"), rows.table("b.sql", "t", "y", "z")])
    make_writer().delete(["a.sql"])
    said = query("MATCH (:DataAsset {project_id: $project})-[r:CONTAINS]->(c) RETURN c.name, r.source_file")
    assert sorted(said) == [("y", "b.sql"), ("z", "b.sql")]


def test_another_project_is_not_touched(
    make_writer: MakeWriter, rows: Any, query: Query, project: str, tmp_path: Any, driver: Any, database: Any
) -> None:
    from lineage_core.graph.writer import Writer

    other = type(rows)(f"{project}-other")
    writer = Writer(driver, database.name, project=other.project, run_id="r", dead_letter_file=tmp_path / "other.jsonl")
    writer.write([other.table("a.sql", "t", "x")])
    make_writer().write([rows.table("a.sql", "t", "x")])
    make_writer().delete(["a.sql"])
    assert query(EVERYTHING) == []
    assert query("MATCH (n {project_id: $project + '-other'}) RETURN count(n)") == [3]
    writer.delete(["a.sql"])
    assert query("MATCH (n {project_id: $project + '-other'}) RETURN count(n)") == [0]


@pytest.mark.parametrize("number", [1, 2, 15, 31])
def test_a_large_deletion_that_stops_half_way_is_finished_by_the_next(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_writer().write([rows.table("a.sql", "t", *WIDE), rows.table("b.sql", "u", "x")])
    commit, commits = Work.commit, []

    def counted(work: Work) -> GraphChanges:
        commits.append(work)
        if len(commits) == number:
            raise KeyboardInterrupt
        return commit(work)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "commit", counted)
        with pytest.raises(KeyboardInterrupt):
            make_writer(batch_size=1).delete(["a.sql"])
    if number > 1:
        assert query("MATCH (f:File {project_id: $project, path: 'a.sql'}) RETURN f.status, f.rows_digest") == [
            ("ingesting", None)
        ]
    make_writer(batch_size=1).delete(["a.sql"])
    assert query(EVERYTHING) == ["b.sql", "u", "x"]


def test_a_file_that_comes_back_after_half_a_deletion_is_whole(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rows.table("a.sql", "t", *WIDE)
    make_writer().write([file])
    commit, commits = Work.commit, []

    def counted(work: Work) -> GraphChanges:
        commits.append(work)
        if len(commits) == 20:
            raise KeyboardInterrupt
        return commit(work)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "commit", counted)
        with pytest.raises(KeyboardInterrupt):
            make_writer(batch_size=1).delete(["a.sql"])
    make_writer().write([file])
    assert query("MATCH (c:Column {project_id: $project}) RETURN c.name ORDER BY c.name") == WIDE


def _commit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two transactions commit when both have done everything, unless one waits for the other's locks."""
    both = threading.Barrier(2)
    commit = Work.commit

    def together(work: Work) -> Any:
        work.settle()
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=2)
        return commit(work)

    monkeypatch.setattr(Work, "commit", together)


@pytest.mark.parametrize("way", ["delete", "write"])
def test_of_two_that_take_the_last_relationships_of_a_node_at_once_one_takes_the_node(
    make_writer: MakeWriter, rows: Any, query: Query, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    paths = ["a.sql", "b.sql"]
    make_writer().write([rows.table(path, "t", "x") for path in paths])
    _commit_at_once(monkeypatch)

    def take(path: str) -> None:
        if way == "delete":
            make_writer(path).delete([path])
        else:
            make_writer(path).write([rows.file(path, [], [])])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(take, paths))

    assert query("MATCH (n {project_id: $project}) WHERE NOT n:File RETURN n.name") == []
