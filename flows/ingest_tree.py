"""A bulk run from paths to report: find, hash, compare, and only if something changed parse, link, write, delete."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.stages import delete_stage, hash_stage, link_and_write, parse_stage, timed
from lineage_core.graph.reads import file_states, graph_counts
from lineage_core.ingest.link_stage import INGEST_VERSION
from lineage_core.ingest.report import FileProblem, GraphContent
from lineage_core.model.files import FileStatus, SourceFile
from lineage_core.source.discover import discover
from lineage_core.source.identity import absolute
from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lineage_core.graph.reads import FileState
    from lineage_core.graph.writer import WriteResult
    from lineage_core.ingest.link_stage import Batch
    from lineage_core.ingest.report import Report
    from lineage_core.model.files import FileVersion
    from lineage_core.settings import Settings
    from lineage_core.source.discover import Discovery


def ingest_tree(paths: Sequence[str], report: Report, *, force: bool) -> None:
    """Bring the graph up to date with what is below `paths`, in the current run; the report tells how it went.

    Args:
        paths: files, folders or globs.
        report: filled in.
        force: go through all stages even if no file changed, as after a change of settings.

    Raises:
        SourceError: a path does not exist or cannot be used.
        neo4j.exceptions.Neo4jError: the graph cannot be read.
    """
    run = current_run()
    with timed("discover", report):
        found = discover(paths, run.settings)
    _tell_discovery(found, report)
    with timed("compare", report):
        states = file_states(run.driver, run.database, run.settings.project)
    outside = _outsiders(found, states, run.settings, report)
    versions = hash_stage([*found.files, *outside], report)
    changed = {version.path for version in versions if _differs(version, states.get(version.path))}
    gone = _gone(found, states)
    report.files.unchanged = len(versions) - len(changed)
    if not report.failures and (changed or gone or force):
        _bring_up_to_date(versions, changed, _failed_before(states), gone, report)
    labels, types = graph_counts(run.driver, run.database, run.settings.project)
    report.content = GraphContent(labels=labels, types=types)


def _bring_up_to_date(
    versions: Sequence[FileVersion],
    changed: Collection[str],
    failed_before: Collection[str],
    gone: Sequence[str],
    report: Report,
) -> None:
    """All files are linked again, as a changed table can change the rows of files that did not change."""
    batches = parse_stage(versions, failed_before, report)
    _tell_parses(batches, changed, report)
    if report.failures:
        # Without the facts of a whole batch, other files would be linked wrongly and lose what they say now.
        report.failures.append("Nothing was linked or written, since other files may depend on those.")
        return
    _count(link_and_write(batches, report), report)
    if gone and report.failures:
        report.notes.append(f"{len(gone)} gone files stay in the graph until everything else is written.")
    elif gone:
        _count(delete_stage(gone, report), report)
        report.files.deleted = len(gone)


def _differs(version: FileVersion, state: FileState | None) -> bool:
    """Whether the graph has no such file, another content of it, read it by another parser or dialect, or failed."""
    if state is None or version.error or state.status == FileStatus.FAILED:
        return True
    other_dialect = bool(version.dialect) and version.dialect != state.dialect
    return version.sha256 != state.sha256 or state.parser_version != INGEST_VERSION or other_dialect


def _failed_before(states: dict[str, FileState]) -> set[str]:
    return {path for path, state in states.items() if state.status == FileStatus.FAILED}


def _gone(found: Discovery, states: dict[str, FileState]) -> list[str]:
    """Files of the graph that this run would have found if they were there; not those below what it could not read."""
    there = {file.path for file in found.files}
    return sorted(path for path in states if path not in there and found.covers(path))


def _tell_discovery(found: Discovery, report: Report) -> None:
    report.failed_files += [FileProblem(path=path, message=message) for path, message in found.problems]
    report.notes += [f"{path}: {message}" for path, message in found.skipped]
    if found.scopes.unknown:
        report.notes.append("Nothing was deleted of what could not be looked at: " + ", ".join(found.scopes.unknown))


def _outsiders(found: Discovery, states: dict[str, FileState], settings: Settings, report: Report) -> list[SourceFile]:
    """The project's files outside of the given paths: what they define has to be known to link the others."""
    scopes = replace(found.scopes, unknown=())
    there = {file.path for file in found.files}
    paths = sorted(path for path in states if path not in there and not scopes.covers(path))
    located = {path: Path(absolute(settings.root)) / path for path in paths}
    files = [
        SourceFile(path=path, location=str(location), size=location.stat().st_size)
        for path, location in located.items()
        if location.is_file()
    ]
    if files:
        report.notes.append(f"{len(files)} files of the project outside of the given paths were looked at as well.")
    if len(files) < len(paths):
        report.notes.append(
            f"{len(paths) - len(files)} files of the project outside of the given paths are gone. They stay in the "
            "graph, but this run did not know what they define. Ingest the folder they were in."
        )
    return files


def _tell_parses(batches: Sequence[Batch], changed: Collection[str], report: Report) -> None:
    for parse in (parse for batch in batches for parse in batch.parses):
        problems = [FileProblem(path=parse.path, line=item.line, message=item.message) for item in parse.problems]
        if parse.status is FileStatus.FAILED:
            report.failed_files += problems
        else:
            report.problems += problems
        if parse.path in changed:
            setattr(report.files, parse.status, getattr(report.files, parse.status) + 1)


def _count(result: WriteResult, report: Report) -> None:
    report.changes += result.changes
    report.dead_letters += result.dead_letters
