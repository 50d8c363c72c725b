"""A run about to delete more than INGEST_MAX_DELETE_SHARE of the project deletes nothing, and asks."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Literal

import pytest
from plain_runs import PlainRuns, differences
from sql_trees import SqlTree, tree_of

from lineage_core.ingest.selection import FEW_DELETIONS, too_many_deletions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Ingest
    from neo4j import Driver

    from lineage_core.ingest.report import Report
    from lineage_core.settings import Settings

FILES = 60
Way = Literal["bulk", "incremental"]


@pytest.fixture
def runs(driver: Driver, settings: Settings) -> Iterator[PlainRuns]:
    """Runs as plain functions."""
    with closing(PlainRuns(driver, settings)) as made:
        yield made


@pytest.fixture
def tree(tmp_path: Path) -> SqlTree:
    """As many tables, all but one of them in a folder."""
    texts = {f"share/t{number:02d}.sql": f"CREATE TABLE dbo.T{number:02d} (Id int)" for number in range(1, FILES)}
    return tree_of(tmp_path / "sql", {"t00.sql": "CREATE TABLE dbo.T00 (Id int)", **texts})


def run(runs: PlainRuns, way: Way, project: str, tree: SqlTree, **options: bool) -> Report:
    """A bulk run, or an incremental one over all that was not told yet."""
    if way == "bulk":
        return runs.bulk(project, tree.root, **options)
    return runs.incremental(project, tree.root, list(tree.untold), **options)


def delete(tree: SqlTree, count: int) -> None:
    """Delete files of the folder."""
    tree.untold.clear()
    for number in range(1, count + 1):
        tree.delete(f"share/t{number:02d}.sql")


@pytest.mark.parametrize("way", ["bulk", "incremental"])
def test_too_many_gone_files_fail_the_run_stay_and_go_once_that_is_confirmed(
    runs: PlainRuns, tree: SqlTree, project: str, way: Way
) -> None:
    runs.bulk(project, tree.root)
    before = runs.graph(project)
    delete(tree, FEW_DELETIONS + 1)
    tree.write("new.sql", tree.files["t00.sql"])
    report = run(runs, way, project, tree)
    (failure,) = report.failures
    assert report.failed
    assert failure.startswith("21 of the project's 60 files are gone, from share/t01.sql to share/t21.sql: more than ")
    assert "INGEST_MAX_DELETE_SHARE" in failure
    assert "--confirm-deletions" in failure
    assert report.files.deleted == 0
    assert report.files.ok == 1
    paths = {dict(props)["path"] for labels, _, props in runs.graph(project).nodes if "File" in labels}
    assert len(paths) == FILES + 1, "nothing was deleted, and the new file is there"
    assert before.rels - runs.graph(project).rels == set(), "nothing that a gone file said"
    confirmed = run(runs, way, project, tree, confirm_deletions=True)
    assert not confirmed.failed
    assert confirmed.files.deleted == FEW_DELETIONS + 1
    assert not differences(runs.graph(project), runs.bulk_graph(tree.root))


@pytest.mark.parametrize("way", ["bulk", "incremental"])
def test_twenty_files_may_always_go(runs: PlainRuns, tree: SqlTree, project: str, way: Way) -> None:
    runs.bulk(project, tree.root)
    delete(tree, FEW_DELETIONS)
    report = run(runs, way, project, tree)
    assert not report.failed
    assert report.files.deleted == FEW_DELETIONS


def test_a_folder_that_is_gone_as_a_whole_is_asked_about_too(runs: PlainRuns, tree: SqlTree, project: str) -> None:
    runs.bulk(project, tree.root)
    (tree.root / "share").rename(tree.root.parent / "unmounted")
    assert runs.incremental(project, tree.root, [str(tree.root / "share")]).failures
    (tree.root.parent / "unmounted").rename(tree.root / "share")
    assert runs.bulk(project, tree.root).changes.total == 0, "it is back, and nothing was lost"


def test_the_bulk_flow_takes_the_confirmation(ingest: Ingest, tree: SqlTree) -> None:
    ingest()
    delete(tree, FEW_DELETIONS + 1)
    assert ingest().failed
    assert ingest(confirm_deletions=True).files.deleted == FEW_DELETIONS + 1


@pytest.mark.parametrize(
    ("gone", "known", "suspicious"),
    [(20, 20, False), (21, 21, True), (30, 100, False), (31, 100, True), (21, 1000, False), (0, 0, False)],
)
def test_the_limit_is_a_share_of_the_project_and_twenty_files(gone: int, known: int, suspicious: bool) -> None:  # noqa: FBT001 - a case
    files = [f"{number}.sql" for number in range(known)]
    assert too_many_deletions(files[:gone], files, 0.3) is suspicious
