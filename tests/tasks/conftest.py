"""A current run for the tasks' own parts, which need its settings only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from lineage_core.cache.open_store import OpenStore
from lineage_core.settings import load_settings
from tasks.run import IngestRun, entered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Iterator[IngestRun]:
    """The current run, without database and pool."""
    settings = load_settings(data_dir=tmp_path / "data", cache_days=1)
    absent = cast("Any", None)
    with OpenStore(settings.results_dir) as results:
        made = IngestRun(
            settings=settings,
            folder=tmp_path,
            dialects=absent,
            pool=absent,
            driver=absent,
            database="",
            writer=absent,
            results=results,
        )
        with entered(made):
            yield made
