"""Twice is once: a run over what the graph has already parses nothing and, by Neo4j's own counters, changes nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from plain_runs import PlainRuns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import Driver

    from lineage_core.settings import Settings

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def runs(driver: Driver, settings: Settings) -> Iterator[PlainRuns]:
    """Runs as plain functions."""
    with closing(PlainRuns(driver, settings)) as made:
        yield made


@pytest.mark.parametrize("folder", ["tsql", "postgres"])
def test_a_repeated_run_changes_nothing(runs: PlainRuns, project: str, folder: str) -> None:
    root = EXAMPLES / folder
    files = sorted(map(str, root.rglob("*.*")))
    first = runs.bulk(project, root)
    before = runs.graph(project)
    assert first.changes.total > 0
    for again in (
        runs.bulk(project, root),
        runs.incremental(project, root, files),
        runs.incremental(project, root, files[:1]),
        runs.incremental(project, root, [str(root)]),
    ):
        assert again.changes.total == 0
        assert again.cache_hits == again.cache_misses == 0
        assert "parse" not in again.seconds
        assert again.files.relinked == 0
    forced = runs.bulk(project, root, force=True)
    assert forced.changes.total == 0
    assert forced.cache_misses == 0
    assert runs.graph(project) == before


def test_a_repeated_run_after_an_incremental_one_changes_nothing(runs: PlainRuns, project: str, tmp_path: Path) -> None:
    root = tmp_path / "sql"
    root.mkdir()
    names = ["ref.Books.sql", "trading.Orders.sql", "trading.vTradesBase.sql", "trading.vTrades.sql"]
    for name in names:
        (root / name).write_bytes((EXAMPLES / "tsql" / name).read_bytes())
        assert runs.incremental(project, root, [str(root / name)]).changes.total > 0
    for again in (runs.incremental(project, root, [str(root / name) for name in names]), runs.bulk(project, root)):
        assert again.changes.total == 0
        assert "parse" not in again.seconds
