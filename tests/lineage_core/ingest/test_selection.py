"""Which files a run has to link because of others: who decides a name, and whether another run was there."""

from __future__ import annotations

import pytest

from lineage_core.graph.reads import FileState, FileTies
from lineage_core.ingest.link_stage import INGEST_VERSION
from lineage_core.ingest.selection import Known, deciders, written_by_others
from lineage_core.link.build import build_catalog
from lineage_core.link.definitions import definitions_of, pack, unpack
from lineage_core.link.naming import Naming
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

TREE = {
    "alter.sql": "ALTER TABLE dbo.Orders ADD City int",
    "index.sql": "CREATE INDEX ix_Amount ON dbo.Orders (Amount)",
    "load.sql": "CREATE PROCEDURE dbo.LoadAll AS SELECT 1",
    "orders.sql": "CREATE TABLE dbo.Orders (Amount money)",
    "a_earlier.sql": "CREATE TABLE dbo.Orders (Id int)",
}


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        ({"orders"}, {"orders.sql", "alter.sql"}),
        ({"loadall"}, {"load.sql"}),
        ({"ix_amount", "nobody"}, {"index.sql"}),
        (set(), set()),
    ],
)
def test_who_decides_what_a_name_looks_like(names: set[str], paths: set[str]) -> None:
    catalog = build_catalog(
        ((path, parse_text(text, "tsql")) for path, text in TREE.items()), lambda *_: Naming(dialect("tsql"))
    )
    assert deciders(names, catalog) == paths


OLD, MINE, OTHER = ("run-0", "1"), ("run-1", "2"), ("run-2", "2")


@pytest.mark.parametrize(
    ("now", "others"),
    [
        ({"a": OLD, "b": OLD}, False),
        ({"a": MINE, "b": OLD, "new": MINE}, False),
        ({"a": OTHER, "b": OLD}, True),
        ({"a": OLD, "b": OLD, "c": OTHER}, True),
        ({"a": OLD, "b": ("run-0", "3")}, True),
        ({"b": OLD}, True),
    ],
    ids=["nobody", "this run", "changed", "created", "the same run again", "deleted"],
)
def test_another_run_is_seen_by_its_writes(now: dict[str, tuple[str, str]], others: bool) -> None:  # noqa: FBT001 - a case
    assert written_by_others({"a": OLD, "b": OLD}, now, "run-1", set(), set()) is others


def test_what_this_run_deleted_is_no_sign_of_another_and_what_it_wrote_is_if_it_is_gone() -> None:
    assert not written_by_others({"a": OLD, "b": OLD}, {"a": OLD}, "run-1", set(), {"b"})
    assert written_by_others({"a": OLD}, {"a": OLD}, "run-1", {"new"}, set())


def test_what_is_known_of_other_files_is_what_the_graph_has_whole(caplog: pytest.LogCaptureFixture) -> None:
    packed = pack(definitions_of("orders.sql", parse_text(TREE["orders.sql"], "tsql")))
    ties = [
        FileTies("known.sql", packed, ("orders",)),
        FileTies("changed.sql", packed, ("orders",)),
        FileTies("of another version.sql", packed, ()),
        FileTies("not ingested.sql", packed, ()),
        FileTies("defines nothing.sql", "", ("orders", "people")),
        FileTies("damaged.sql", packed[:-8], ()),
        FileTies("unheard of.sql", packed, ()),
    ]
    states = {tie.path: FileState(path=tie.path, sha256="1", parser_version=INGEST_VERSION) for tie in ties[:-1]}
    states["of another version.sql"] = FileState(path="of another version.sql", sha256="1", parser_version="0")
    states["not ingested.sql"] = FileState(path="not ingested.sql", parser_version=INGEST_VERSION)

    known = Known.of(ties, states, {"changed.sql"})

    assert known.definitions == [("known.sql", unpack(packed))]
    assert known.asked == {tie.path: tie.asked for tie in ties}
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["damaged.sql"]
