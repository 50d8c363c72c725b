"""Two runs that overlap: whichever writes last, the graph is in the end that of the tree as it is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from plain_runs import STAGES, PlainRuns, before, differences
from sql_trees import SqlTree, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.settings import Settings

TABLE = "CREATE TABLE dbo.Orders (Id int, Amount money)"
WIDER = "CREATE TABLE dbo.Orders (Id int, Amount money, City varchar(9))"
VIEW = "CREATE VIEW dbo.Big AS SELECT * FROM dbo.Orders"
OTHER_VIEW = "CREATE VIEW dbo.Small AS SELECT * FROM dbo.Big WHERE Amount < 5"


@pytest.fixture
def runs(driver: Driver, settings: Settings) -> Iterator[PlainRuns]:
    """Runs as plain functions."""
    with closing(PlainRuns(driver, settings)) as made:
        yield made


def _widen(tree: SqlTree) -> None:
    tree_of(tree.root, {"orders.sql": WIDER})


def _drop(tree: SqlTree) -> None:
    (tree.root / "orders.sql").unlink()


def _define_last(tree: SqlTree) -> None:
    tree_of(tree.root, {"zoo.sql": WIDER})


def _forget(tree: SqlTree) -> None:
    (tree.root / "new.sql").unlink()


@pytest.mark.parametrize("edit", [_widen, _drop, _define_last, _forget])
@pytest.mark.parametrize("stage", STAGES)
def test_what_another_run_changed_meanwhile_is_made_good_by_the_run_itself(
    runs: PlainRuns, project: str, tmp_path: Path, stage: str, edit: Callable[[SqlTree], None]
) -> None:
    tree = tree_of(tmp_path / "sql", {"orders.sql": TABLE, "big.sql": VIEW, "zoo2.sql": "SELECT Id FROM Orders"})
    runs.bulk(project, tree.root)
    tree_of(tree.root, {"new.sql": OTHER_VIEW})

    def meanwhile() -> None:
        there = set(tree.root.iterdir())
        edit(tree)
        told = {*there ^ set(tree.root.iterdir()), tree.root / "orders.sql"}
        runs.incremental(project, tree.root, sorted(map(str, told)))

    with before(stage, meanwhile):
        runs.bulk(project, tree.root)
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))


def test_a_node_that_a_run_overwrote_for_not_knowing_its_file_is_put_right(
    runs: PlainRuns, project: str, tmp_path: Path
) -> None:
    tree = tree_of(tmp_path / "sql", {"zoo2.sql": "SELECT Id FROM dbo.Other"})
    runs.bulk(project, tree.root)
    tree_of(tree.root, {"new.sql": VIEW})

    def meanwhile() -> None:
        tree_of(tree.root, {"orders.sql": TABLE})
        runs.incremental(project, tree.root, [str(tree.root / "orders.sql")])

    with before("flows.bring_up_to_date.link_and_write", meanwhile):
        runs.incremental(project, tree.root, [str(tree.root / "new.sql")])
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))


def test_a_run_that_was_alone_looks_once_and_does_nothing_more(
    runs: PlainRuns, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tree_of(tmp_path / "sql", {"orders.sql": TABLE, "big.sql": VIEW})
    monkeypatch.setattr("flows.overlap.file_states", lambda *_: pytest.fail("nobody else was there"))
    assert runs.bulk(project, tree.root).changes.total > 0
    tree_of(tree.root, {"orders.sql": WIDER})
    assert runs.incremental(project, tree.root, [str(tree.root / "orders.sql")]).files.relinked == 1
