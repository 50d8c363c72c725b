"""Rows to Neo4j: whole files in a transaction, as differences, with bad rows taken out one by one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from lineage_core.graph import cypher, dead_letters
from lineage_core.graph.difference import Difference, compare
from lineage_core.graph.faults import PERMANENT, ContestedRowsError, LostRowsError, is_too_large, is_transient
from lineage_core.graph.file_nodes import cut_off, ingested, ingesting
from lineage_core.graph.ladder import Refused, isolate
from lineage_core.graph.parts import steps
from lineage_core.graph.transaction import Work, chunks
from lineage_core.model.changes import GraphChanges
from lineage_core.model.files import FileStatus
from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from neo4j import Driver, Session

    from lineage_core.model.rows import FileRows, NodeRow

Known = Mapping[str, dict[str, Any]]
"""File nodes that are in the graph: path -> properties."""

GROUP_FILES = 25
"""Files of one transaction: more are not faster, and a retry would repeat more."""

LARGE_FACTOR = 50
"""A file of more than this many batches is written in several transactions, with its sha256 last."""

_log = logging.getLogger(__name__)


class WriteResult(BaseModel):
    """What a write did, by the database's own counters."""

    changes: GraphChanges = Field(default_factory=GraphChanges)
    files_written: int = 0
    files_unchanged: int = 0
    files_deleted: int = 0
    dead_letters: int = 0

    def take(self, other: WriteResult) -> None:
        """Add another result to this one."""
        whole = self + other
        for name in type(self).model_fields:
            setattr(self, name, getattr(whole, name))

    def __add__(self, other: WriteResult) -> WriteResult:
        """Two results together."""
        return WriteResult(
            changes=self.changes + other.changes,
            files_written=self.files_written + other.files_written,
            files_unchanged=self.files_unchanged + other.files_unchanged,
            files_deleted=self.files_deleted + other.files_deleted,
            dead_letters=self.dead_letters + other.dead_letters,
        )


def prepare(driver: Driver, database: str) -> None:
    """Create the constraints and indexes that writing relies on, where they are missing."""
    with driver.session(database=database) as session:
        for statement in cypher.schema_statements():
            session.run(statement).consume()


class Writer:
    """Writes the files of one project.

    Args:
        driver: an open driver.
        database: the database's name.
        project: part of every id.
        run_id: kept on every relationship this run creates.
        dead_letter_file: where refused rows go.
        batch_size: rows of one UNWIND.
        batching: False for the plain path: one row a transaction.
    """

    def __init__(
        self,
        driver: Driver,
        database: str,
        *,
        project: str,
        run_id: str,
        dead_letter_file: Path,
        batch_size: int = 1000,
        batching: bool = True,
    ) -> None:
        self._driver = driver
        self._database = database
        self._project = project
        self._run_id = run_id
        self._dead_letter_file = dead_letter_file
        self._batch = batch_size if batching else 1
        self._batching = batching
        self._interrupted: dict[tuple[str, ...], WriteResult] = {}

    def write(self, files: Sequence[FileRows]) -> WriteResult:
        """Bring the graph to what the files say; a file whose digest the graph has already costs one look.

        Raises:
            neo4j.exceptions.Neo4jError, DriverError: only what `is_transient` says may pass; write the same files
            again.
            DatabaseError: refused rows could not be kept.
        """
        paths = tuple(file.path for file in files)
        result = self._interrupted.pop(paths, WriteResult())
        try:
            return self._write(files, result)
        except BaseException:
            self._interrupted[paths] = result  # what was committed counts, although another try finds it unchanged
            raise

    def _write(self, files: Sequence[FileRows], result: WriteResult) -> WriteResult:
        """Write group by group, adding to `result` as each is committed."""
        with self._session() as session:
            known = self._known(session, [file.path for file in files])
            pending = [file for file in files if known.get(file.path, {}).get("rows_digest") != file.digest]
            result.files_unchanged = len(files) - len(pending) - result.files_written
            for group in self._groups(pending):
                result.take(self._write_group(session, group, known))
        return result

    def delete(self, paths: Sequence[str]) -> WriteResult:
        """Take files and all they said out of the graph, with the nodes that nobody needs any more."""
        result = WriteResult()
        with self._session() as session:
            known = self._known(session, paths)
            for some in chunks(list(paths), GROUP_FILES if self._batching else 1):
                changes = self._delete_group(session, some, known)
                result += WriteResult(changes=changes, files_deleted=len(some))
        return result

    def _delete_group(self, session: Session, paths: list[str], known: Known) -> GraphChanges:
        """Whole files in one transaction; of more rows than that may hold in several, marked as not ingested first."""
        present = {path: known[path] for path in paths if path in known}
        with self._work(session) as work:
            work.lock_files(self._ids(present))
            gone = Difference(delete=work.read_rels(paths))
            at_once = self._batching and len(gone.delete) <= LARGE_FACTOR * self._batch
            if at_once:
                work.apply(gone)
                self._delete_files(work, gone, present)
            else:
                work.run(cypher.WRITE_FILE, [ingesting(props) for props in present.values()])
            changes = work.commit()
        if not at_once:
            changes += self._commit_steps(session, (), gone, self._batch)
            with self._work(session) as work:
                self._delete_files(work, Difference(), present)
                changes += work.commit()
        return changes

    def _delete_files(self, work: Work, gone: Difference, present: Known) -> None:
        work.run(cypher.DELETE_FILES, sorted(file_urn(self._project, path) for path in present))
        work.delete_orphans(gone.touched)
        if cut_off(present.values()):
            work.delete_lonely()

    def _session(self) -> AbstractContextManager[Session]:
        return self._driver.session(database=self._database)

    def _work(self, session: Session) -> Work:
        return Work(session, self._project, self._run_id, self._batch, single=not self._batching)

    def _known(self, session: Session, paths: Iterable[str]) -> Known:
        ids = [identity for identity, _ in self._ids(paths)]
        return {row["path"]: row["props"] for row in session.run(cypher.READ_FILES, ids=ids)}

    def _ids(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        return [(file_urn(self._project, path), path) for path in paths]

    def _groups(self, files: Sequence[FileRows]) -> Iterable[list[FileRows]]:
        """Whole files, up to 25 or about two batches of rows; a large file alone."""
        group: list[FileRows] = []
        rows = 0
        for file in files:
            if group and (len(group) == GROUP_FILES or rows + len(file) > 2 * self._batch or not self._batching):
                yield group
                group, rows = [], 0
            group.append(file)
            rows += len(file)
        if group:
            yield group

    def _write_group(self, session: Session, group: list[FileRows], known: Known) -> WriteResult:
        try:
            return self._write_whole(session, group, known)
        except PERMANENT as error:
            if is_transient(error):
                raise
            if len(group) > 1:
                _log.warning("%d files are written one by one: %s", len(group), error)
                parts = (self._write_group(session, [file], known) for file in group)
                return sum(parts, WriteResult())
            known = self._known(session, [group[0].path])  # some of it may have been committed
            if is_too_large(error):
                return self._write_in_parts(session, group[0], known, max(1, self._batch // 10))
            return self._write_without_bad_rows(session, group[0], known)

    def _write_whole(
        self, session: Session, group: list[FileRows], known: Known, refused: Refused | None = None
    ) -> WriteResult:
        if len(group) == 1 and len(group[0]) > LARGE_FACTOR * self._batch and self._batching:
            return self._write_in_parts(session, group[0], known, self._batch, refused)
        with self._work(session) as work:
            if not self._batching:
                self._begin(work, group[0], known)
            difference = self._difference(work, group)
            work.nodes(row for file in group for row in _nodes(file))
            work.apply(difference)
            work.delete_orphans(difference.touched)
            return self._finish(work, group, known, refused)

    def _difference(self, work: Work, group: list[FileRows]) -> Difference:
        """Of all files together. New ones have nothing to compare with; what the others said is read in one go."""
        present = work.lock_files(self._ids(file.path for file in group))
        said: dict[str, list[Any]] = {path: [] for path in present}
        for rel in work.read_rels(present) if present else ():
            said[rel["props"]["source_file"]].append(rel)
        merged = Difference()
        for file in group:
            merged.add(compare(file, said.get(file.path, ())))
        return merged

    def _write_in_parts(
        self, session: Session, file: FileRows, known: Known, size: int, refused: Refused | None = None
    ) -> WriteResult:
        """A large file: marked as not ingested first, its sha256 last, so that a crash in between is repaired."""
        with self._work(session) as work:
            self._begin(work, file, known)
            difference = self._difference(work, [file])
            changes = work.commit()
        changes += self._commit_steps(session, _nodes(file), difference, size)
        with self._work(session) as work:
            return WriteResult(changes=changes) + self._finish(work, [file], known, refused)

    def _commit_steps(
        self, session: Session, nodes: Sequence[NodeRow], difference: Difference, size: int
    ) -> GraphChanges:
        changes = GraphChanges()
        for step in steps(nodes, difference, size):
            with self._work(session) as work:
                work.nodes(step.nodes)
                work.apply(step.difference)
                work.delete_orphans(step.difference.touched)
                changes += work.commit()
        return changes

    def _write_without_bad_rows(self, session: Session, file: FileRows, known: Known) -> WriteResult:
        """Find the poison rows by trial transactions that are rolled back, then write the good ones in one."""
        good, refused = isolate(file, lambda: Work(session, self._project, self._run_id, self._batch), self._batch)
        if not refused:
            raise ContestedRowsError(f"{file.path} was refused as a whole, yet none of its rows is.")
        try:
            return self._write_whole(session, [good], known, refused)
        except LostRowsError as error:
            raise ContestedRowsError(f"{file.path}: {error}, although they did a moment ago.") from error

    def _begin(self, work: Work, file: FileRows, known: Known) -> None:
        props = {**known.get(file.path, {}), **ingested(file, self._project, self._run_id)["props"]}
        work.run(cypher.WRITE_FILE, [ingesting(props)])

    def _finish(self, work: Work, group: list[FileRows], known: Known, refused: Refused | None) -> WriteResult:
        """The last of a write: refused rows are kept before their files count as ingested."""
        if cut_off(known.get(file.path, {}) for file in group):
            work.delete_lonely()
        work.settle()
        letters = [self._letter(group[0], error, row) for row, error in refused or ()]
        letters += [self._letter(file, why, row) for file in group for row, why in file.rejected]
        kept = dead_letters.append(self._dead_letter_file, letters)
        work.run(cypher.WRITE_FILE, [ingested(file, self._project, self._run_id) for file in group])
        return WriteResult(changes=work.commit(), files_written=len(group), dead_letters=kept)

    def _letter(self, file: FileRows, error: BaseException | str, row: dict[str, Any]) -> dead_letters.DeadLetter:
        return dead_letters.dead_letter(error, file=file.path, run_id=self._run_id, project=self._project, row=row)


def _nodes(file: FileRows) -> list[NodeRow]:
    """The nodes to write: a failed file decides nothing."""
    return [] if file.status is FileStatus.FAILED else file.nodes
