"""Batches that fail in the bulk flow: what they cost, what is tried again, and what the next run makes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from neo4j.exceptions import ServiceUnavailable
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from run_records import batches, ended_task_runs, retry_delays

from lineage_core.ingest import write_stage

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ingest


@pytest.mark.usefixtures("tables")
def test_a_failed_batch_fails_the_run_by_name_and_the_others_are_written(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    _refuse(monkeypatch, batch=1, error=RuntimeError("t57 is refused"))
    report = ingest()
    assert report.failed
    assert report.failures == ["write batch-001 (10 files), sql/t50.sql to sql/t59.sql: RuntimeError: t57 is refused"]
    assert report.content.labels["File"] == 50
    assert (settings.runs_dir / report.run_id).is_dir(), "kept to be looked at"
    monkeypatch.undo()


@pytest.mark.usefixtures("tables")
def test_the_run_after_a_failed_one_writes_what_is_missing(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with monkeypatch.context() as fault:
        _refuse(fault, batch=1, error=RuntimeError("for now"))
        assert ingest().failed
    report = ingest()
    assert not report.failed
    assert (report.files.ok, report.files.unchanged) == (10, 50)
    assert report.content.labels["File"] == 60
    assert not (settings.runs_dir / report.run_id).exists()


@pytest.mark.usefixtures("sql")
def test_a_transient_error_is_tried_again_after_one_and_two_seconds(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    _refuse(monkeypatch, batch=0, error=ServiceUnavailable("gone for a moment"), times=2)
    report = ingest()
    assert not report.failed
    with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
        (write,) = ended_task_runs(client, report.run_id, batches("write", 3))
        assert retry_delays(client, write) == pytest.approx([1, 2], abs=0.1)


@pytest.mark.usefixtures("tables")
def test_a_database_that_stays_away_costs_one_batch_s_tries_and_not_every_batch_s(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.write import write_batch

    tries: list[float] = []
    monkeypatch.setenv("INGEST_WRITERS", "1")
    monkeypatch.setattr(write_batch, "retry_delay_seconds", [0] * 5)
    for batch in (0, 1):
        _refuse(monkeypatch, batch=batch, error=ServiceUnavailable("away"), tries=tries)
    report = ingest()
    assert len(tries) == 6 + 1
    named = sorted(line.split(",")[0] for line in report.failures)
    assert named == ["write batch-000 (50 files)", "write batch-001 (10 files)"]


def test_gone_files_wait_until_everything_else_is_written(
    ingest: Ingest, sql: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest()
    (sql / "load.sql").rename(sql / "load2.sql")
    with monkeypatch.context() as fault:
        _refuse(fault, batch=0, error=RuntimeError("refused"))
        report = ingest()
    assert report.files.deleted == 0
    assert report.content.labels["FunctionOrProcedure"] == 1
    assert any("1 gone files stay" in note for note in report.notes)
    assert ingest().files.deleted == 1


def _refuse(
    monkeypatch: pytest.MonkeyPatch,
    *,
    batch: int,
    error: Exception,
    times: int = 1_000,
    tries: list[float] | None = None,
) -> None:
    """Make writing one batch fail, a number of times."""
    write = write_stage.write_batch
    log = tries if tries is not None else []

    def faulty(number: int, *rest: Any) -> Any:
        if number == batch:
            log.append(time.monotonic())
            if len(log) <= times:
                raise error
        return write(number, *rest)

    monkeypatch.setattr(write_stage, "write_batch", faulty)
