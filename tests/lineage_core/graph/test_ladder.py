"""A poison row costs that row: found by ever smaller batches, kept whole in the dead letters."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.errors import DatabaseError
from lineage_core.model.rows import NodeRow, RelRow
from lineage_core.model.schema import Label, RelType

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.graph.writer import Writer

Query = Callable[[str], list[Any]]
MakeWriter = Callable[..., "Writer"]

COUNT = "MATCH (n:Column {project_id: $project}) RETURN count(n)"

POISON: list[tuple[str, Callable[[NodeRow], dict[str, Any]], str]] = [
    ("a map", lambda _: {"props": {"data_type": {"a": 1}}}, "CypherTypeError"),
    ("an integer beyond 64 bit", lambda _: {"props": {"position": 2**70}}, "OverflowError"),
    ("a lone surrogate", lambda _: {"props": {"data_type": "\ud800"}}, "UnicodeEncodeError"),
    ("an id too large to index", lambda row: {"id": row.id + "x" * 40_000}, "DatabaseError"),
]


@pytest.mark.parametrize(
    ("change", "error"), [(change, error) for _, change, error in POISON], ids=[name for name, _, _ in POISON]
)
def test_one_poison_row_among_a_thousand(
    make_writer: MakeWriter,
    rows: Any,
    query: Query,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[NodeRow], dict[str, Any]],
    error: str,
) -> None:
    file = rows.table("a.sql", "t", *(f"c{number:04d}" for number in range(1_000)))
    bad = file.nodes[500]
    poison = NodeRow.model_construct(**{**dict(bad), **change(bad)})
    rels = [rel for rel in file.rels if rel.end != bad.id]
    with caplog.at_level(logging.WARNING, "lineage_core.graph.ladder"):
        done = make_writer().write(
            [file.model_copy(update={"nodes": [*file.nodes[:500], poison, *file.nodes[501:]], "rels": rels})]
        )
    assert done.dead_letters == 1
    assert query(COUNT) == [999]
    assert [record.args[0] for record in caplog.records if record.args] == [5000, 1000, 100, 50, 10, 1]
    (letter,) = [json.loads(line) for line in (tmp_path / "failed.jsonl").read_text().splitlines()]
    assert (letter["error"], letter["file"], letter["run_id"], letter["kind"]) == (error, "a.sql", "run-1", "node")
    assert letter["row"]["name"] == bad.name
    assert letter["timestamp"].endswith("+00:00")
    assert make_writer().write([file]).files_unchanged == 1


def test_a_relationship_without_its_end_is_not_lost_silently(
    make_writer: MakeWriter, rows: Any, query: Query, tmp_path: Path
) -> None:
    file = rows.table("a.sql", "t", "x", "y")
    nodes = [row for row in file.nodes if row.name != "y"]
    done = make_writer().write([file.model_copy(update={"nodes": nodes})])
    assert (done.dead_letters, query(COUNT)) == (1, [1])
    letter = json.loads((tmp_path / "failed.jsonl").read_text())
    assert (letter["kind"], letter["error"], letter["row"]["type"]) == ("relationship", "LostRowsError", "CONTAINS")


def test_a_poison_node_takes_its_relationships_along(
    make_writer: MakeWriter, rows: Any, query: Query, tmp_path: Path
) -> None:
    file = rows.table("a.sql", "t", "x", "y")
    poison = NodeRow.model_construct(**{**dict(file.nodes[2]), "props": {"data_type": {"a": 1}}})
    other = rows.table("b.sql", "u", "z")
    done = make_writer().write([file.model_copy(update={"nodes": [*file.nodes[:2], poison]}), other])
    assert (done.dead_letters, query(COUNT)) == (2, [2])
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "failed.jsonl").read_text().splitlines()]
    assert kinds == ["node", "relationship"]


def test_rows_that_cannot_be_kept_fail_the_write(make_writer: MakeWriter, rows: Any, tmp_path: Path) -> None:
    lost = RelRow(
        type=RelType.CONTAINS,
        start_label=Label.DATA_ASSET,
        start=rows.asset("t").id,
        end_label=Label.COLUMN,
        end=rows.column("t", "missing").id,
        source_file="a.sql",
    )
    file = rows.table("a.sql", "t", "x")
    (tmp_path / "letters").mkdir()
    writer = make_writer(dead_letter_file=tmp_path / "letters")
    with pytest.raises(DatabaseError, match="LINEAGE_DATA_DIR"):
        writer.write([file.model_copy(update={"rels": [*file.rels, lost]})])


def test_a_bad_file_is_found_among_many_by_halves(
    make_writer: MakeWriter, rows: Any, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    files = [rows.table(f"{name}.sql", name, "x") for name in "abcdefgh"]
    bad = files[5].nodes[-1]
    poison = NodeRow.model_construct(**{**dict(bad), "props": {"position": 2**70}})
    files[5] = files[5].model_copy(update={"nodes": [*files[5].nodes[:-1], poison]})
    with caplog.at_level(logging.WARNING, "lineage_core.graph.writer"):
        done = make_writer().write(files)
    halves = [record.args[0] for record in caplog.records if record.args and "halves" in record.msg]
    assert halves == [8, 4, 2]
    assert (done.files_written, done.dead_letters) == (8, 2)
    assert query(COUNT) == [7]
