"""What a run leaves in the Prefect UI for the operator: its report, and what became of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows import report_text

if TYPE_CHECKING:
    from lineage_core.ingest.report import Report

MAX_ROWS = 1_000
"""Of the table: Prefect keeps it in one database row, and nobody reads more."""


def keep_artifacts(report: Report) -> None:
    """Keep the report as Markdown and, if the run had something to do, a table of its files by status."""
    create_markdown_artifact(report_text.markdown(report), key="ingest-report", description=report.outcome)
    rows = list(report_text.file_rows(report))
    if rows:
        more = f", the first {MAX_ROWS:,} of {len(rows):,} rows" if len(rows) > MAX_ROWS else ""
        counts = report_text.counted(report.files.model_dump(exclude={"unchanged"}))
        create_table_artifact(rows[:MAX_ROWS], key="ingest-files", description=f"{counts}{more}")
