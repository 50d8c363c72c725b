"""Bulk and incremental runs as flow runs, on a Prefect server; otherwise as `plain_runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from plain_runs import PlainRuns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lineage_core.ingest.report import Report


class FlowRuns(PlainRuns):
    """Runs of the flows themselves, in this process; `flows.prefect_session` has to be open, and the block registered.

    The environment says the same as the settings: the flows load theirs from it.
    """

    incremental_takes_turns: ClassVar = True

    def incremental(self, project: str, root: Path, paths: Sequence[str], **options: bool) -> Report:
        """A run over paths that changed."""
        from flows.incremental import incremental
        from flows.outcome import report_of

        return report_of(incremental(paths=list(paths), project=project, root=str(root), return_state=True, **options))

    def bulk(self, project: str, root: Path, **options: bool) -> Report:
        """A run over everything below the root."""
        from flows.bulk import bulk
        from flows.outcome import report_of

        return report_of(bulk(paths=[str(root)], project=project, root=str(root), return_state=True, **options))
