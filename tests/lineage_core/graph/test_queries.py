"""Questions: trees upstream and downstream, and names as people type them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.errors import DatabaseError
from lineage_core.graph.queries import render_tree, trace
from lineage_core.link.build import build_catalog
from lineage_core.link.naming import Naming
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.files import FileStatus
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.writer import Writer

TREE = {
    "t.sql": "CREATE TABLE dbo.Orders (Id int, Amount money); CREATE TABLE risk.Orders (Id int)",
    "v.sql": "CREATE VIEW dbo.Twice AS SELECT Id, Amount * 2 AS Twice FROM dbo.Orders WHERE Id > 0",
    "p.sql": "CREATE PROC dbo.Load AS INSERT INTO dbo.Report (Total) SELECT SUM(Twice) FROM dbo.Twice",
    "c.sql": "CREATE PROC dbo.Back AS UPDATE o SET Amount = r.Total FROM dbo.Orders o JOIN dbo.Report r ON 1 = 1",
}

Ask = Callable[..., Any]


@pytest.fixture
def ask(driver: Driver, database: Database, project: str, make_writer: Callable[..., Writer]) -> Ask:
    """Write the tree; then trace(name, ...)."""
    facts = {path: parse_text(sql, "tsql") for path, sql in TREE.items()}
    naming = Naming(dialect("tsql"))
    catalog = build_catalog(facts.items(), lambda *_: naming)
    files = [
        link_file(FileInfo(path, FileStatus.OK, {"path": path}), own, catalog, naming, project)
        for path, own in facts.items()
    ]
    make_writer().write(files)
    return lambda name, *args, **options: trace(driver, database.name, project, name, *args, **options)


def test_upstream_to_the_source_and_a_cycle_is_cut(ask: Ask) -> None:
    assert render_tree(ask("dbo.report.total")).splitlines() == [
        "dbo.report.total",
        "└─ dbo.Twice.Twice  [aggregation: SUM(Twice)]  p.sql:1",
        "   └─ dbo.Orders.Amount  [transformation: Amount * 2]  v.sql:1",
        "      └─ dbo.report.total (see above)  [identity]  c.sql:1",
    ]


def test_downstream_of_a_column(ask: Ask) -> None:
    tree = ask("Orders.Amount", "downstream")
    assert [child.name for child in tree.children] == ["dbo.Twice.Twice"]


def test_influences_count_on_request(ask: Ask) -> None:
    assert ask("dbo.Orders.Id", "downstream").children[0].name == "dbo.Twice.Id"
    names = {child.name for child in ask("dbo.Orders.Id", "downstream", influences=True).children}
    assert names == {"dbo.Twice.Id", "dbo.Twice.*"}


def test_a_depth_is_a_cut_that_is_said(ask: Ask) -> None:
    tree = ask("dbo.report.total", depth=1)
    assert tree.cut
    assert render_tree(tree).endswith("cut at 2000 nodes or the given depth")


def test_a_table_has_its_tables(ask: Ask) -> None:
    assert [child.name for child in ask("dbo.Twice").children] == ["dbo.Orders"]


def test_an_unknown_name_suggests_near_ones(ask: Ask) -> None:
    with pytest.raises(DatabaseError, match=r"no column or table called 'dbo\.Ordrs'") as caught:
        ask("dbo.Ordrs")
    assert "orders" in str(caught.value)


def test_an_ambiguous_name_lists_what_it_could_be(ask: Ask) -> None:
    with pytest.raises(DatabaseError, match=r"could be 2 things: dbo\.Orders, risk\.Orders|risk\.Orders, dbo\.Orders"):
        ask("Orders")
