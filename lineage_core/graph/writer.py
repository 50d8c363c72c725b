"""Rows to Neo4j: whole files in a transaction, as differences, with bad rows taken out one by one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from neo4j.exceptions import ClientError

from lineage_core.graph import cypher
from lineage_core.graph.attempts import Attempts
from lineage_core.graph.deletion import delete_group
from lineage_core.graph.difference import Difference, compare
from lineage_core.graph.faults import (
    PERMANENT,
    ContestedRowsError,
    LostRowsError,
    SupersededError,
    is_too_large,
    is_transient,
)
from lineage_core.graph.file_nodes import cut_off, ingested, ingesting, mark_of, news, superseded
from lineage_core.graph.ladder import Refused, isolate
from lineage_core.graph.parts import GROUP_FILES, LARGE_FACTOR, commit_steps, groups, steps
from lineage_core.graph.refused_rows import RefusedRows
from lineage_core.graph.target import BATCH_ROWS, Known, Target
from lineage_core.graph.transaction import Work, chunks
from lineage_core.graph.write_result import WriteResult
from lineage_core.model.files import FileStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from neo4j import Driver, Session

    from lineage_core.model.rows import FileRows, NodeRow

__all__ = ["WriteResult", "Writer", "prepare"]

_log = logging.getLogger(__name__)

_SCHEMA_IN_USE = (
    "SHOW INDEXES YIELD name, state, entityType, owningConstraint "
    "WHERE state = 'ONLINE' AND (entityType = 'RELATIONSHIP' OR owningConstraint IS NOT NULL) RETURN name"
)
"""Names of constraints, which are on nodes and whose indexes are named as they are, and of indexes, on relationships.
Less than a tenth of what it takes Neo4j to be told of each that it is there."""

_MADE_MEANWHILE = "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"


def prepare(driver: Driver, database: str) -> None:
    """Create the constraints and indexes that writing relies on, where they are missing.

    Of two runs that begin together on an empty database one may be told that the other was quicker.
    """
    with driver.session(database=database) as session:
        there = {record["name"] for record in session.run(_SCHEMA_IN_USE)}
        missing = [statement for name, statement in cypher.schema_statements().items() if name not in there]
        if not missing:
            return
        for statement in (*missing, "CALL db.awaitIndexes(300)"):
            try:
                session.run(statement).consume()
            except ClientError as error:
                if error.code != _MADE_MEANWHILE:
                    raise


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
        batch_size: int = BATCH_ROWS,
        batching: bool = True,
    ) -> None:
        rows = batch_size if batching else 1
        self._target = Target(driver, database, project, run_id, rows, batching)
        self._letters = RefusedRows(self._target, dead_letter_file)
        self._attempts = Attempts(run_id)

    def write(self, files: Sequence[FileRows]) -> WriteResult:
        """Bring the graph to what the files say; a file whose digest the graph has already costs one look.

        Raises:
            neo4j.exceptions.Neo4jError, DriverError: only what `is_transient` says may pass; write the same files
            again.
            DatabaseError: refused rows could not be kept.
        """
        paths = tuple(file.path for file in files)
        result = self._attempts.resume(paths)
        try:
            return self._write(files, result)
        except BaseException:
            self._attempts.interrupt(paths, result)
            raise

    def _write(self, files: Sequence[FileRows], result: WriteResult) -> WriteResult:
        """Write group by group, adding to `result` as each is committed."""
        with self._target.session() as session:
            known = self._target.known(session, [file.path for file in files])
            pending = [file for file in files if known.get(file.path, {}).get("rows_digest") != file.digest]
            waiting = {file.path for file in pending}
            same = [file for file in files if file.path not in waiting]
            result.take(self._attempts.answered({file.path for file in same}, known))
            result.files_unchanged = len(same) - result.files_written
            result.files_superseded = 0
            result.changes += self._target.touch(session, news(same, known))
            for group in groups(pending, self._target):
                result.take(self._write_group(session, group, known))
        return result

    def touch(self, rows: Iterable[Mapping[str, Any]]) -> WriteResult:
        """Set properties of File nodes that say nothing of their rows.

        Args:
            rows: {path, props}, and `sha256` for what is only true of that content of the file. One with an
                `observed_at` earlier than the node's is passed over.
        """
        with self._target.session() as session:
            return WriteResult(changes=self._target.touch(session, rows))

    def delete(self, paths: Sequence[str], observed_at: str | None = None) -> WriteResult:
        """Take files and all they said out of the graph, with the nodes that nobody needs any more.

        Args:
            paths: of the files.
            observed_at: when they were seen to be gone, ISO 8601 UTC. A file that the graph has a later look at stays.
        """
        result = WriteResult()
        with self._target.session() as session:
            for some in chunks(list(paths), GROUP_FILES if self._target.batching else 1):
                result += delete_group(self._target, session, some, observed_at or "")
        return result

    def _write_group(self, session: Session, group: list[FileRows], known: Known) -> WriteResult:
        try:
            return self._write_whole(session, group, known)
        except PERMANENT as error:
            if is_transient(error):
                raise
            if len(group) > 1:
                _log.warning("%d files are written in two halves: %s", len(group), error)
                half = len(group) // 2
                parts = (self._write_group(session, part, known) for part in (group[:half], group[half:]))
                return sum(parts, WriteResult())
            known = self._target.known(session, [group[0].path])  # some of it may have been committed
            if is_too_large(error):
                return self._write_in_parts(session, group[0], known, max(1, self._target.batch // 10))
            return self._write_without_bad_rows(session, group[0], known)

    def _write_whole(
        self, session: Session, group: list[FileRows], known: Known, refused: Refused | None = None
    ) -> WriteResult:
        if not self._target.batching:
            return self._write_plainly(session, group[0], known, refused)
        if len(group) == 1 and len(group[0]) > LARGE_FACTOR * self._target.batch:
            return self._write_in_parts(session, group[0], known, self._target.batch, refused)
        with self._target.work(session) as work:
            present = work.lock_files(self._target.ids(file.path for file in group))
            late = _superseded(group, present)
            group = [file for file in group if file.path not in late]
            if not group:
                return WriteResult(files_superseded=len(late))
            difference = self._difference(work, group, present)
            work.nodes(row for file in group for row in _nodes(file))
            work.apply(difference)
            work.delete_orphans(difference.touched)
            return self._finish(work, group, known, refused, WriteResult(files_superseded=len(late)))

    def _write_plainly(
        self, session: Session, file: FileRows, known: Known, refused: Refused | None = None
    ) -> WriteResult:
        """One row a transaction. No lock outlasts it: another run that came in between is found at the end."""
        if _superseded([file], known):
            return WriteResult(files_superseded=1)
        with self._target.work(session) as work:
            mark = self._begin(work, file, known)
            try:
                difference = self._difference(work, [file], work.lock_files(self._target.ids([file.path])))
                work.nodes(_nodes(file))
                work.apply(difference)
                work.delete_orphans(difference.touched)
            except LostRowsError:
                if self._target.is_held(session, mark):
                    raise
            if self._target.is_held(session, mark):
                return self._finish(work, [file], known, refused)
            self._target.give_way(session, file.path)
            return WriteResult(changes=work.commit(), files_superseded=1)

    def _difference(self, work: Work, group: list[FileRows], present: Known) -> Difference:
        """Of all files together. New ones have nothing to compare with; what the others said is read in one go."""
        said: dict[str, list[Any]] = {path: [] for path in present}
        for rel in work.read_rels(list(present)) if present else ():
            said[rel["props"]["source_file"]].append(rel)
        merged = Difference()
        for file in group:
            merged.add(compare(file, said.get(file.path, ())))
        return merged

    def _write_in_parts(
        self, session: Session, file: FileRows, known: Known, size: int, refused: Refused | None = None
    ) -> WriteResult:
        """A large file: marked as not ingested first, its sha256 last, so that a crash in between is repaired."""
        done = WriteResult()
        with self._target.work(session) as work:
            present = work.lock_files(self._target.ids([file.path]))
            if _superseded([file], present):
                return WriteResult(files_superseded=1)
            mark = self._begin(work, file, known)
            difference = self._difference(work, [file], present)
            done.changes += work.commit()
        try:
            commit_steps(self._target, session, steps(_nodes(file), difference, size), mark, done)
            with self._target.work(session) as work:
                work.hold(mark)
                return self._finish(work, [file], known, refused, done)
        except SupersededError:
            self._target.give_way(session, file.path)
            return done + WriteResult(files_superseded=1)

    def _write_without_bad_rows(self, session: Session, file: FileRows, known: Known) -> WriteResult:
        """Find the poison rows by trial transactions that are rolled back, then write the good ones in one."""
        good, refused = isolate(file, lambda: self._target.trial(session), self._target.batch)
        if not refused:
            raise ContestedRowsError(f"{file.path} was refused as a whole, yet none of its rows is.")
        try:
            return self._write_whole(session, [good], known, refused)
        except LostRowsError as error:
            raise ContestedRowsError(f"{file.path}: {error}, although they did a moment ago.") from error

    def _begin(self, work: Work, file: FileRows, known: Known) -> dict[str, Any]:
        props = {**known.get(file.path, {}), **self._ingested(file)["props"]}
        row = ingesting(props)
        work.run(cypher.WRITE_FILE, [row])
        return mark_of(row)

    def _finish(
        self,
        work: Work,
        group: list[FileRows],
        known: Known,
        refused: Refused | None,
        before: WriteResult | None = None,
    ) -> WriteResult:
        """The last of a write, after what was done `before`: refused rows are kept before their files are ingested."""
        if cut_off(known.get(file.path, {}) for file in group):
            work.delete_lonely()
        work.settle()
        letters = self._letters.keep(
            [
                *((group[0], error, row) for row, error in refused or ()),
                *((file, why, row) for file in group for row, why in file.rejected),
            ]
        )
        work.run(cypher.WRITE_FILE, [self._ingested(file) for file in group])
        done = WriteResult(changes=work.settle(), files_written=len(group), dead_letters=letters)
        done.take(before or WriteResult())
        with self._attempts.committing(tuple(file.path for file in group), done):
            work.commit()
        return done

    def _ingested(self, file: FileRows) -> dict[str, Any]:
        return ingested(file, self._target.project, self._target.run_id)


def _nodes(file: FileRows) -> list[NodeRow]:
    """The nodes to write: a failed file decides nothing."""
    return [] if file.status is FileStatus.FAILED else file.nodes


def _superseded(files: Iterable[FileRows], there: Known) -> set[str]:
    return superseded({file.path: file.file.get("observed_at", "") for file in files}, there)
