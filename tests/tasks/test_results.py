"""Results of tasks in SQLite: kept, found again, forgotten, and never a reason to fail."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from lineage_core.errors import CacheError
from tasks.results import SqliteResults, forget_all, forget_expired
from tasks.run import current_run

if TYPE_CHECKING:
    from lineage_core.settings import Settings
    from tasks.run import IngestRun


@pytest.fixture
def here(run: IngestRun) -> Settings:
    """The settings of the current run."""
    return run.settings


@pytest.mark.usefixtures("here")
def test_a_result_is_read_as_it_was_written_from_plain_and_from_async_code() -> None:
    block = SqliteResults()
    block.write_path("parse-1", b'{"a": 1}', _sync=True)
    asyncio.run(block.awrite_path("parse-2", b"\x00\xff" * 100_000))
    assert asyncio.run(block.aread_path("parse-1")) == b'{"a": 1}'
    assert block.read_path("parse-2", _sync=True) == b"\x00\xff" * 100_000


@pytest.mark.usefixtures("here")
def test_a_result_that_is_not_there_is_what_prefect_expects() -> None:
    with pytest.raises(ValueError, match="parse-1"):
        SqliteResults().read_path("parse-1")


def test_results_are_kept_for_as_long_as_the_parse_cache_keeps_facts(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = SqliteResults()
    block.write_path("old", b"1")
    in_two_days = time.time() + 2 * here.cache_days * 86_400
    monkeypatch.setattr("diskcache.core.time.time", lambda: in_two_days)
    block.write_path("new", b"2")
    forget_expired()
    monkeypatch.undo()
    assert block.read_path("new") == b"2"
    with pytest.raises(ValueError, match="old"):
        block.read_path("old")
    forget_all()
    with pytest.raises(ValueError, match="new"):
        block.read_path("new")


def test_a_folder_that_cannot_be_used_names_the_setting(here: Settings) -> None:
    here.data_dir.write_text("a file in its place")
    with pytest.raises(CacheError) as caught:
        SqliteResults().write_path("a", b"1")
    assert "LINEAGE_DATA_DIR" in caught.value.hint


def test_without_a_run_there_is_nothing_to_find() -> None:
    with pytest.raises(LookupError):
        current_run()
