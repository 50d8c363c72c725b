"""Trees and runs after which the graph was once not that of a bulk run."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from plain_runs import PlainRuns, before, differences
from sql_trees import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.settings import Settings

VIEW = "CREATE VIEW dbo.Big AS SELECT * FROM dbo.Orders"
TABLE = "CREATE TABLE dbo.Orders (Id int, Amount money)"


@pytest.fixture
def runs(driver: Driver, settings: Settings) -> Iterator[PlainRuns]:
    """Runs as plain functions."""
    with closing(PlainRuns(driver, settings)) as made:
        yield made


def test_a_file_that_was_saved_after_a_bulk_run_had_looked_is_not_taken_for_deleted(
    runs: PlainRuns, project: str, tmp_path: Path
) -> None:
    tree = tree_of(tmp_path / "sql", {"big.sql": VIEW})
    runs.bulk(project, tree.root)

    def save() -> None:
        tree_of(tree.root, {"orders.sql": TABLE})
        runs.incremental(project, tree.root, [str(tree.root / "orders.sql")])

    with before("flows.ingest_tree.file_states", save):
        report = runs.bulk(project, tree.root)
    assert report.files.deleted == 0
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))


@pytest.mark.parametrize("text", [TABLE, f"{TABLE}\n-- again"], ids=["as it was", "changed"])
def test_a_file_that_comes_back_before_a_run_deletes_it_stays(
    runs: PlainRuns, project: str, tmp_path: Path, text: str
) -> None:
    tree = tree_of(tmp_path / "sql", {"big.sql": VIEW, "orders.sql": TABLE})
    runs.bulk(project, tree.root)
    tree.delete("orders.sql")

    def come_back() -> None:
        tree_of(tree.root, {"orders.sql": text})
        runs.incremental(project, tree.root, [str(tree.root / "orders.sql")])

    with before("flows.bring_up_to_date.delete_stage", come_back):
        runs.bulk(project, tree.root)
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))


def test_a_file_that_another_run_deleted_is_not_written_again(runs: PlainRuns, project: str, tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "sql", {"big.sql": VIEW, "orders.sql": TABLE})
    runs.bulk(project, tree.root)
    tree.write("orders.sql", tree.files["big.sql"])

    def delete() -> None:
        tree.delete("orders.sql")
        runs.incremental(project, tree.root, [str(tree.root / "orders.sql")])

    with before("flows.bring_up_to_date.link_and_write", delete):
        runs.bulk(project, tree.root)
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))
