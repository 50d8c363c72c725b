"""A run from what was found to the report: hash, compare, and only if something changed parse, link, write, delete.

Bulk and incremental runs are the same but for where they look.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flows.alongside import Ahead
from flows.bring_up_to_date import BringUpToDate
from flows.overlap import make_good
from flows.stages import hash_stage, timed
from lineage_core.graph.file_nodes import superseded
from lineage_core.graph.reads import file_states
from lineage_core.ingest.report import FileProblem
from lineage_core.ingest.selection import differs, too_many_deletions
from tasks.graph import on_graph
from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineage_core.graph.reads import FileState
    from lineage_core.ingest.report import Report
    from lineage_core.model.files import FileVersion
    from lineage_core.source.discover import Discovery


def ingest_tree(
    found: Discovery, report: Report, *, force: bool = False, confirm_deletions: bool = False
) -> list[FileVersion]:
    """Bring the graph up to date with what was found, in the current run; the report tells how it went.

    Args:
        found: files, and the part of the project in which there are no others.
        report: filled in.
        force: parse, link and compare all files that were found, changed or not.
        confirm_deletions: delete files that are gone however many they are.

    Returns:
        The files that were found to be changed.

    Raises:
        neo4j.exceptions.Neo4jError: the graph cannot be read.
    """
    run = current_run()
    _tell_discovery(found, report)
    with Ahead(partial(file_states, run.driver, run.database, run.settings.project)) as asked:
        versions = hash_stage(found.files, report)
        with timed("compare", report):
            states = on_graph("compare with the graph", asked.get)
    changed = [version for version in versions if differs(version, states.get(version.path))]
    report.files.unchanged = len(versions) - len(changed)
    if report.failures:
        return changed
    gone = _gone(found, states)
    suspicious = not confirm_deletions and too_many_deletions(gone, states, run.settings.max_delete_share)
    work = BringUpToDate(states, report)
    work.run(versions if force else changed, changed, [] if suspicious else gone, found.looked_at)
    work.remember_times(versions)
    make_good(work, states, report)
    if suspicious:
        report.failures.append(_suspicion(gone, len(states)))
    return changed


def _gone(found: Discovery, states: Mapping[str, FileState]) -> list[str]:
    """Files of the graph that this run would have found if they were there; not those below what it could not read, and
    not those that another run has seen since.
    """
    there = {file.path for file in found.files}
    missing = {
        path: {"observed_at": state.observed_at}
        for path, state in states.items()
        if path not in there and found.covers(path)
    }
    return sorted(missing.keys() - superseded(dict.fromkeys(missing, found.looked_at), missing))


def _suspicion(gone: list[str], known: int) -> str:
    return (
        f"{len(gone)} of the project's {known} files are gone, from {gone[0]} to {gone[-1]}: more than "
        "INGEST_MAX_DELETE_SHARE allows. They stay in the graph. If they were deleted on purpose, run again with "
        "--confirm-deletions (confirm_deletions in the UI); if not, look whether their folder is mounted."
    )


def _tell_discovery(found: Discovery, report: Report) -> None:
    report.failed_files += [FileProblem(path=path, message=message) for path, message in found.problems]
    report.notes += [f"{path}: {message}" for path, message in found.skipped]
    if found.scopes.unknown:
        report.notes.append("Nothing was deleted of what could not be looked at: " + ", ".join(found.scopes.unknown))
