"""The flow behind the button: closes the watcher's window, and fails where there is no watcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Watch

    from lineage_core.settings import Settings


@pytest.fixture
def _deployed(settings: Settings, tree: Path, prefect_api: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a worker of the watched project."""
    monkeypatch.setenv("INGEST_PROJECT", settings.project)
    monkeypatch.setenv("INGEST_ROOT", str(tree))
    monkeypatch.setenv("LINEAGE_DATA_DIR", str(settings.data_dir))
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield
        APILogWorker.drain_all()
        EventsWorker.drain_all()


@pytest.mark.usefixtures("_deployed")
def test_run_in_the_ui_closes_the_window(watch: Watch, tree: Path) -> None:
    from flows.flush import flush

    with watch(watch_debounce_seconds=60.0, watch_max_wait_seconds=60.0) as watching:
        (tree / "a.sql").write_text("SELECT 1")
        state = flush(return_state=True)
        assert state.is_completed()
        assert state.message.startswith("Triggered run-")
        assert watching.run() == {"a.sql"}


@pytest.mark.usefixtures("_deployed")
def test_without_a_watcher_the_run_fails_and_says_so() -> None:
    from flows.flush import flush

    state = flush(return_state=True)
    assert state.is_failed()
    assert "No watcher of project" in state.message
