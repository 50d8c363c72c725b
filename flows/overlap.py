"""Runs that overlap: what another run wrote while this one did is seen afterwards, and made good.

A run links against the definitions that it read before. If another one changes a definition meanwhile, neither may know
the other's files: this one has linked its own against the old definition, the other did not find them in the graph. So
every run that has written looks once more. Of two that overlap, the one that writes last sees all that the other wrote.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows.bring_up_to_date import BringUpToDate
from flows.stages import timed
from lineage_core.graph.reads import file_states, file_writes
from lineage_core.ingest.selection import too_many_deletions, written_by_others
from lineage_core.source.identity import absolute
from tasks.graph import on_graph
from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineage_core.graph.reads import FileState
    from lineage_core.ingest.report import Report

_ROUNDS = 10
"""Looks at a project in which others never stop writing; the next run does the rest, whosever it is."""


def make_good(work: BringUpToDate, states: Mapping[str, FileState], report: Report) -> None:
    """Link again what other runs made outdated since this one looked, until nobody has written in between.

    Args:
        work: what this run has done. Nothing happens if it did nothing, or failed: then the next run has to come.
        states: the project's File nodes as they were when it began.
        report: filled in.
    """
    run = current_run()
    where = (run.driver, run.database, run.settings.project)
    for _ in range(_ROUNDS):
        if report.failures or not (work.written or work.deleted):
            return
        with timed("compare", report):
            now = on_graph("look for other runs", partial(file_writes, *where))
        looked_at, vanished = datetime.now(UTC).isoformat(), _vanished(work, now)
        before = {path: state.written for path, state in states.items()}
        others = work.superseded or written_by_others(before, now, report.run_id, work.written, work.deleted)
        if not (vanished or others):
            return
        states = on_graph("compare with the graph again", partial(file_states, *where))
        work = BringUpToDate(states, report, overlapped=True)
        work.run([], [], [path for path in vanished if path in states], looked_at)


def _vanished(work: BringUpToDate, known: Mapping[str, object]) -> list[str]:
    """Files that this run has written and that are gone by now: who was told of that may have deleted them before.

    None if they are suspiciously many: the next run asks about them.
    """
    settings = current_run().settings
    root = Path(absolute(settings.root))
    gone = sorted(path for path in work.written if path in known and not (root / path).exists())
    return [] if too_many_deletions(gone, known.keys(), settings.max_delete_share) or not root.is_dir() else gone
