"""What a run leaves in the Prefect UI for the operator: its report, and the files that need a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows import report_text

if TYPE_CHECKING:
    from lineage_core.ingest.report import Report

_MAX_ROWS = 1_000


def keep_artifacts(report: Report) -> None:
    """Keep the report as Markdown and, if any file failed or was understood in part, a table of those."""
    create_markdown_artifact(report_text.markdown(report), key="ingest-report", description=report.outcome)
    rows = [
        {"status": status, "file": item.path, "line": item.line or None, "message": item.message}
        for status, items in (("failed", report.failed_files), ("partial", report.problems))
        for item in items
    ]
    if rows:
        create_table_artifact(rows[:_MAX_ROWS], key="ingest-files", description="Files that need a look")
