"""Replay: dead letters that can be written now are, the others stay in their file, and nothing is written twice."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from neo4j.exceptions import ServiceUnavailable

from lineage_core.graph.dead_letters import append, read
from lineage_core.graph.letter_rows import Fate
from lineage_core.graph.replay import letter_batches, replay_letters, settle
from lineage_core.graph.replay_result import ReplayResult
from lineage_core.graph.snapshot import Snapshot, snapshot
from lineage_core.graph.transaction import Work
from lineage_core.model.rows import NodeRow

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer
    from lineage_core.model.rows import FileRows

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]
Replay = Callable[[], ReplayResult]

COLUMNS = "MATCH (n:Column {project_id: $project}) RETURN n.name ORDER BY n.name"
RELS = "MATCH ()-[r {project_id: $project}]->() RETURN count(r)"
LONELY = "MATCH (n {project_id: $project}) WHERE NOT n:File AND NOT EXISTS { (n)--() } RETURN n.name"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """The dead letter file."""
    return tmp_path / "failed.jsonl"


@pytest.fixture
def replay(driver: Driver, database: Database, letters: Path) -> Replay:
    """One replay of the file, as the flow does it."""

    def run() -> ReplayResult:
        verdicts = [
            verdict
            for batch in letter_batches(read(letters))
            for verdict in replay_letters(driver, database.name, batch)
        ]
        settle(letters, verdicts)
        return ReplayResult.of(verdicts)

    return run


@pytest.fixture
def seen(driver: Driver, database: Database, project: str) -> Callable[[], Snapshot]:
    """The project's graph now."""
    return lambda: snapshot(driver, database.name, project)


def poisoned(file: FileRows, *names: str) -> FileRows:
    """The file with columns that the database refuses."""
    bad = {"data_type": {"a": 1}}
    nodes = [NodeRow.model_construct(**{**dict(row), "props": bad}) if row.name in names else row for row in file.nodes]
    return file.model_copy(update={"nodes": nodes})


def mend(letters: Path) -> None:
    """The reason is gone: what was refused may be written now."""
    letters.write_text(letters.read_text().replace('{"data_type": {"a": 1}}', '{"data_type": "int"}'))


def test_rows_that_may_be_written_now_are_and_leave_the_file(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, seen: Callable[[], Snapshot]
) -> None:
    good = rows.table("a.sql", "t", "x", "y")
    mended = [row if row.name != "y" else rows.column("t", "y", data_type="int") for row in good.nodes]
    make_writer().write([good.model_copy(update={"nodes": mended})])
    clean = seen()
    make_writer().delete(["a.sql"])

    assert make_writer().write([poisoned(good, "y")]).dead_letters == 2, (
        "the column, and the relationship that needs it"
    )
    mend(letters)
    assert replay() == ReplayResult(written=2)
    assert seen() == clean
    assert letters.read_bytes() == b""


def test_a_second_replay_changes_nothing(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, seen: Callable[[], Snapshot]
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    mend(letters)
    before = letters.read_bytes()
    replay()
    graph = seen()
    assert replay() == ReplayResult()
    letters.write_bytes(before)  # as if it had been killed before it could drop them
    assert replay().written == 2
    assert seen() == graph


def test_a_row_that_is_refused_again_stays_with_its_error_and_its_tries(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, query: Query
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    (first, second) = list(read(letters))
    for tries in (1, 2):
        result = replay()
        assert (result.kept, result.written) == (2, 0)
        assert [letter.tries for letter in read(letters)] == [tries, tries]
    node, rel = read(letters)
    assert (node.timestamp, node.row, rel.row) == (first.timestamp, first.row, second.row)
    assert "data_type must be str" in node.message
    assert rel.error == "LostRowsError"
    assert result.reasons[0].startswith("a.sql: node y: ValidationError: ")
    assert query(COLUMNS) == ["x"]


def test_a_bad_row_costs_itself_and_its_batch_nothing(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, query: Query
) -> None:
    files = [poisoned(rows.table(f"{name}.sql", name, f"{name}x", f"{name}y"), f"{name}y") for name in "abc"]
    make_writer().write(files)
    mend(letters)
    text = letters.read_text().replace('"name": "by"', '"name": "by", "more": 1', 1)
    letters.write_text(text)
    result = replay()
    assert (result.written, result.kept) == (4, 2), "b's column breaks the schema, and its relationship has no end"
    assert query(COLUMNS) == ["ax", "ay", "bx", "cx", "cy"]
    assert {letter.file for letter in read(letters)} == {"b.sql"}
    assert query(LONELY) == []


def test_a_node_that_no_relationship_needs_is_not_written_alone(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, query: Query
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    mend(letters)
    node, _ = letters.read_text().splitlines()
    letters.write_text(node + "\n")
    assert replay().kept == 1
    assert "no relationship needs this node" in next(read(letters)).message
    assert query(LONELY) == []
    assert query(COLUMNS) == ["x"]


def test_a_file_that_was_ingested_anew_has_had_its_say(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, query: Query
) -> None:
    make_writer("run-1").write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    mend(letters)
    make_writer("run-2").write([rows.table("a.sql", "t", "x", "z")])
    assert replay() == ReplayResult(superseded=2)
    assert query(COLUMNS) == ["x", "z"]
    assert list(read(letters)) == []


def test_a_file_that_is_gone_leaves_nothing_to_replay(
    make_writer: MakeWriter, rows: Any, replay: Replay, query: Query
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    make_writer().delete(["a.sql"])
    assert replay() == ReplayResult(superseded=2)
    assert query("MATCH (n {project_id: $project}) RETURN n.id") == [], "not even an empty File"


def test_a_file_that_is_not_ingested_to_its_end_is_waited_for(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch, query: Query
) -> None:
    make_writer("run-1").write([rows.table("a.sql", "t", "x")])
    with monkeypatch.context() as patch:
        patch.setattr(Work, "commit", lambda _: _raise(ServiceUnavailable("gone")))
        with pytest.raises(ServiceUnavailable):
            make_writer("run-2").write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    mend(letters)
    before = letters.read_bytes()
    assert before
    assert replay() == ReplayResult(waiting=2)
    assert letters.read_bytes() == before
    assert query(COLUMNS) == ["x"]


def test_a_file_that_is_just_being_written_is_waited_for(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Work.commit
    with ThreadPoolExecutor(1) as pool:
        replays: list[Future[ReplayResult]] = []

        def replay_first(work: Work) -> Any:
            monkeypatch.setattr(Work, "commit", commit)
            replays.append(pool.submit(replay))
            with pytest.raises(TimeoutError):  # it waits for the file's lock
                replays[0].result(timeout=1)
            return commit(work)

        monkeypatch.setattr(Work, "commit", replay_first)
        make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
        assert replays[0].result().kept == 2
    assert len(list(read(letters))) == 2


def test_a_write_that_is_tried_again_keeps_its_dead_letters_once(
    make_writer: MakeWriter, rows: Any, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = poisoned(rows.table("a.sql", "t", "x", "y"), "y")
    writer = make_writer()
    with monkeypatch.context() as patch:
        patch.setattr(Work, "commit", lambda _: _raise(ServiceUnavailable("gone")))
        with pytest.raises(ServiceUnavailable):
            writer.write([file])
    assert writer.write([file]).dead_letters == 2
    assert len(list(read(letters))) == 2


def test_the_next_run_neither_doubles_nor_loses_what_was_replayed(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay, query: Query
) -> None:
    bad = poisoned(rows.table("a.sql", "t", "x", "y"), "y")
    make_writer("run-1").write([bad])
    assert make_writer("run-2").write([bad]).files_unchanged == 1
    assert len(list(read(letters))) == 2, "as many as before"
    mend(letters)
    assert replay().written == 2
    assert make_writer("run-3").write([bad]).changes.total == 0
    assert query("MATCH ()-[r:CONTAINS {project_id: $project}]->(c) RETURN c.name, r.run_id ORDER BY c.name") == [
        ("x", "run-1"),
        ("y", "run-1"),
    ]
    done = make_writer("run-4").write([rows.table("a.sql", "t", "x")])
    assert (done.changes.relationships_deleted, done.changes.nodes_deleted) == (1, 1)
    assert query(COLUMNS) == ["x"]


def test_a_relationship_is_written_once_its_end_is_there(
    make_writer: MakeWriter, rows: Any, replay: Replay, query: Query
) -> None:
    file = rows.table("a.sql", "t", "x")
    make_writer().write([file.model_copy(update={"rels": [*file.rels, rows.derives("a.sql", "t", "source")]})])
    assert replay().kept == 1
    make_writer().write([rows.table("b.sql", "source", "y")])
    assert replay() == ReplayResult(written=1)
    assert query("MATCH (a {project_id: $project})-[r:DERIVES]->(b) RETURN a.name, b.name, r.source_file") == [
        ("t", "source", "a.sql")
    ]


def test_letters_for_another_database_wait_for_it(
    make_writer: MakeWriter, rows: Any, letters: Path, replay: Replay
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    here = next(read(letters)).database
    assert here
    letters.write_text(letters.read_text().replace(here, "another"))
    make_writer().delete(["a.sql"])
    assert replay() == ReplayResult(waiting=2)
    assert len(list(read(letters))) == 2


def test_letters_of_several_runs_and_projects_go_in_batches_of_their_own(
    rows: Any, letters: Path, make_writer: MakeWriter, driver: Driver, database: Database
) -> None:
    for run in ("run-1", "run-2"):
        make_writer(run).write([poisoned(rows.table(f"{run}.sql", run, "y"), "y")])
    batches = list(letter_batches(read(letters)))
    assert [(batch[0].run_id, len(batch)) for batch in batches] == [("run-1", 2), ("run-2", 2)]
    found = replay_letters(driver, database.name, batches[0])
    assert {verdict.fate for verdict in found} == {Fate.KEPT}


def test_letters_that_come_while_a_replay_runs_and_damaged_lines_stay(
    make_writer: MakeWriter, rows: Any, letters: Path, driver: Driver, database: Database
) -> None:
    make_writer().write([poisoned(rows.table("a.sql", "t", "x", "y"), "y")])
    mend(letters)
    with letters.open("ab") as file:
        file.write(b"\xff damaged\n")
    verdicts = [v for batch in letter_batches(read(letters)) for v in replay_letters(driver, database.name, batch)]
    late = next(read(letters)).model_copy(update={"row": {"start": "late", "value": math.inf}})
    append(letters, [late])
    settle(letters, verdicts)
    damaged, kept = letters.read_bytes().splitlines()
    assert damaged == b"\xff damaged"
    assert b'"late"' in kept


def _raise(error: Exception) -> Any:
    raise error
