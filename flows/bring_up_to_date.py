"""From the files that changed to the graph: parse, link against the whole project's catalog, write, delete.

A changed definition can change the rows of files that did not change: those whose questions to the catalog it answers
in another way now are linked again, until there are none.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows.alongside import Ahead
from flows.stages import delete_stage, hash_stage, link_and_write, parse_stage, timed
from lineage_core.graph.reads import file_ties
from lineage_core.ingest.link_stage import few_to_link, make_catalog, spool_catalog
from lineage_core.ingest.report import FileProblem
from lineage_core.ingest.selection import Known, answered_otherwise, deciders, differs, is_current
from lineage_core.link.answers import Answers
from lineage_core.model.files import FileStatus, SourceFile
from lineage_core.source.identity import absolute
from tasks.graph import on_graph
from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from lineage_core.graph.reads import FileState
    from lineage_core.graph.writer import WriteResult
    from lineage_core.ingest.link_stage import Batch
    from lineage_core.ingest.report import Report
    from lineage_core.link.catalog import Catalog
    from lineage_core.model.files import FileVersion


class BringUpToDate:
    """One run's way from changed files to the graph.

    Args:
        states: the project's File nodes.
        report: filled in.
        overlapped: another run wrote meanwhile. Of what is linked anew, any may have been written by a run that did not
            know the rest, so the nodes it named are written again by who decides them.
    """

    def __init__(self, states: Mapping[str, FileState], report: Report, *, overlapped: bool = False) -> None:
        self._states = states
        self._report = report
        self._overlapped = overlapped
        self._batches: list[Batch] = []
        self._parsed: set[str] = set()
        self._gone: set[str] = set()
        self.superseded = False
        """Whether another run had a later look at what this one wanted to write or delete."""
        self._lost: set[str] = set()
        self._unlinked: set[str] = set()

    @property
    def written(self) -> AbstractSet[str]:
        """Files that were parsed, linked and written."""
        return self._parsed

    @property
    def deleted(self) -> AbstractSet[str]:
        """Files that were taken out of the graph."""
        return self._gone

    def run(
        self, todo: Sequence[FileVersion], changed: Sequence[FileVersion], gone: Sequence[str], looked_at: str
    ) -> None:
        """Bring the graph up to date; nothing happens if there is nothing to do.

        Args:
            todo: files to parse, link and compare in any case.
            changed: those of them that the report counts.
            gone: files to delete.
            looked_at: when they were seen to be gone.
        """
        todo = [*todo, *self._outdated({version.path for version in todo}, gone)]
        if not (todo or gone or self._overlapped or self._left_unlinked()):
            return
        answers = self._parse_and_relink(todo, set(gone))
        if answers is None:
            self._report.failures.append("Nothing was linked or written, since other files may depend on those.")
            return
        self._tell_parses({version.path for version in changed})
        self._mark_unlinked()
        if self._batches:
            at_hand = self._at_hand(answers)
            del answers  # as large as the project: if they are not at hand, they do not stay
            self._count(link_and_write(self._batches, at_hand, self._report))
        self._delete(gone, looked_at)

    def remember_times(self, versions: Iterable[FileVersion]) -> None:
        """Keep the new time of files that were saved without a change, so that nobody hashes them for it again."""
        rows = [
            {
                "path": version.path,
                "sha256": version.sha256,
                "props": {"mtime": version.mtime_ns, "observed_at": version.observed_at},
            }
            for version in versions
            if version.path not in self._parsed
            and not version.error
            and (state := self._states.get(version.path)) is not None
            and state.mtime != version.mtime_ns
        ]
        if rows:
            self._count(on_graph("remember times", partial(current_run().writer.touch, rows)))

    def _outdated(self, seen: Collection[str], gone: Collection[str]) -> list[FileVersion]:
        """The rest of the project where another version of the parser or linker read it."""
        states = self._states.values()
        old = [state.path for state in states if not is_current(state) and state.status != FileStatus.FAILED]
        return self._versions(set(old) - set(seen) - set(gone))

    def _left_unlinked(self) -> bool:
        """Whether a run ended before it linked again what it had to."""
        return any(not state.answered and state.status != FileStatus.FAILED for state in self._states.values())

    def _parse_and_relink(self, todo: Sequence[FileVersion], gone: AbstractSet[str]) -> Answers | None:
        """Parse, and parse what has to be linked again for it, until that is everything; None if a batch failed.

        Returns:
            What the run's catalog answers.
        """
        with Ahead(partial(self._read_project, {version.path for version in todo} | gone)) as known:
            return self._parse_until_settled(todo, gone, known)

    def _parse_until_settled(
        self, todo: Sequence[FileVersion], gone: AbstractSet[str], known: Ahead[Known]
    ) -> Answers | None:
        retry = {path for path, state in self._states.items() if state.status == FileStatus.FAILED}
        answers = None
        while True:
            if todo:
                self._batches += parse_stage(todo, retry, self._report)
                self._parsed |= {version.path for version in todo}
            if self._report.failures:
                return None
            if answers is None or any(differs(version, self._states.get(version.path)) for version in todo):
                catalog, project = self._catalog(gone, known)
                answers = Answers(catalog)
                self._find_unlinked(answers, project, gone)
            todo = self._versions(self._unlinked - self._parsed - self._lost)
            self._report.files.relinked += len(todo)
            if not todo:
                return answers

    def _find_unlinked(self, answers: Answers, known: Known, gone: AbstractSet[str]) -> None:
        states = [state for path, state in self._states.items() if path not in gone]
        self._unlinked = answered_otherwise(states, known.asked, answers, current_run().settings)
        if self._overlapped:
            names = {name for path in self._unlinked for name in known.asked.get(path, ())}
            self._unlinked |= self._deciders(names, answers.catalog, gone)

    def _deciders(self, names: Collection[str], catalog: Catalog, gone: AbstractSet[str]) -> set[str]:
        """Files in the graph that decide what the files to be linked again have named."""
        return {
            path
            for path in deciders(names, catalog) & self._states.keys() - gone
            if self._states[path].status != FileStatus.FAILED
        }

    def _read_project(self, without: AbstractSet[str]) -> Known:
        """What ties the project's files to each other; without the definitions of some."""
        run = current_run()
        return Known.of(file_ties(run.driver, run.database, run.settings.project), self._states, without)

    def _catalog(self, gone: AbstractSet[str], known: Ahead[Known]) -> tuple[Catalog, Known]:
        run = current_run()

        def make() -> tuple[Catalog, Known]:
            project = known.get()
            others = (item for item in project.definitions if item[0] not in self._parsed and item[0] not in gone)
            return make_catalog(self._batches, run.settings, run.folder, others), project

        with timed("catalog", self._report):
            return on_graph("make the catalog", make)

    def _at_hand(self, answers: Answers) -> Answers | None:
        """What few files are linked with in this process; for many None, and the catalog is in the spool."""
        run = current_run()
        if run.settings.enable_batching and few_to_link(len(self._parsed), answers.catalog):
            return answers
        with timed("catalog", self._report):
            spool_catalog(answers.catalog, run.folder)
        return None

    def _versions(self, paths: Collection[str]) -> list[FileVersion]:
        """What is on disk now of files that nobody asked for; those that are gone are left to who asks for them."""
        root = Path(absolute(current_run().settings.root))
        files = [
            SourceFile(path=path, location=str(root / path), size=self._states[path].size) for path in sorted(paths)
        ]
        there = [file for file in files if Path(file.location).is_file()]
        if len(there) < len(files):
            lost = sorted({file.path for file in files} - {file.path for file in there})
            self._lost.update(lost)
            self._report.notes.append(
                f"{len(lost)} files of the project are gone ({lost[0]} first) and would have to be linked again. They "
                "stay in the graph as they are. Ingest the folder they were in."
            )
        return hash_stage(there, self._report) if there else []

    def _mark_unlinked(self) -> None:
        """Before the first write: should this run end early, the next one links the rest of what depends on it."""
        paths = sorted(path for path in self._unlinked if self._overlapped or self._states[path].answered)
        if paths:
            # without the digest of its rows a file is written whole, though it says what it has said before
            props = {"answered": "", **({"rows_digest": None} if self._overlapped else {})}
            rows = [{"path": path, "props": props} for path in paths]
            on_graph("mark what is to be linked", partial(current_run().writer.touch, rows))

    def _delete(self, gone: Sequence[str], looked_at: str) -> None:
        if gone and self._report.failures:
            self._report.notes.append(f"{len(gone)} gone files stay in the graph until everything else is written.")
        elif gone:
            self._count(delete_stage(gone, looked_at, self._report))
            self._report.files.deleted += len(gone)
            self._gone.update(gone)
            self._report.statuses |= dict.fromkeys(gone, "deleted")

    def _tell_parses(self, changed: Collection[str]) -> None:
        report = self._report
        for parse in (parse for batch in self._batches for parse in batch.parses):
            problems = [FileProblem(path=parse.path, line=item.line, message=item.message) for item in parse.problems]
            if parse.status is FileStatus.FAILED:
                report.failed_files += problems
            else:
                report.problems += problems
            if parse.status is not FileStatus.FAILED:
                report.dialects[parse.dialect] = report.dialects.get(parse.dialect, 0) + 1
            report.statuses[parse.path] = parse.status.value if parse.path in changed else "relinked"
            if parse.path in changed:
                setattr(report.files, parse.status, getattr(report.files, parse.status) + 1)

    def _count(self, result: WriteResult) -> None:
        self._report.changes += result.changes
        self._report.dead_letters += result.dead_letters
        self.superseded = self.superseded or result.files_superseded > 0
