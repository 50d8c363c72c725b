"""Write: a batch's spooled rows to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.graph.writer import Writer, WriteResult
from lineage_core.ingest.link_stage import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.settings import Settings


def writer_for(driver: Driver, database: str, settings: Settings, run_id: str) -> Writer:
    """The writer that the settings ask for."""
    return Writer(
        driver,
        database,
        project=settings.project,
        run_id=run_id,
        dead_letter_file=settings.dead_letters,
        batch_size=settings.batch_size,
        batching=settings.enable_batching,
    )


def write_batch(batch: int, run_dir: Path, writer: Writer) -> WriteResult:
    """Write one batch.

    Raises:
        Exception: what `lineage_core.graph.faults.is_transient` calls transient: call it again.
    """
    return writer.write(list(read_rows(batch, run_dir)))
