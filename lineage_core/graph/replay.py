"""Dead letters written again: rows that the database refused once, and may take now."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lineage_core.graph import cypher
from lineage_core.graph.dead_letters import rewrite
from lineage_core.graph.difference import addition
from lineage_core.graph.faults import PERMANENT, ContestedRowsError, LostRowsError, is_transient
from lineage_core.graph.ladder import isolate
from lineage_core.graph.letter_rows import Fate, Verdict, refused, row_of, settled
from lineage_core.graph.parts import GROUP_FILES
from lineage_core.graph.target import BATCH_ROWS, Target
from lineage_core.graph.transaction import chunks
from lineage_core.model.files import FileStatus
from lineage_core.model.rows import FileRows, NodeRow, RelRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from neo4j import Driver, Session

    from lineage_core.graph.dead_letters import DeadLetter
    from lineage_core.graph.transaction import Work

UNNEEDED = "no relationship needs this node, unless one of the other dead letters can be written"

Bad = Mapping[tuple[str, ...], BaseException | str]
"""Keys of rows that were refused, and why."""


def letter_batches(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Letters of one project and run, at most 25 files at a time."""
    in_order = sorted(letters, key=lambda letter: (letter.project, letter.run_id, letter.file))
    for _, run in groupby(in_order, key=lambda letter: (letter.project, letter.run_id)):
        files = [list(of_file) for _, of_file in groupby(run, key=lambda letter: letter.file)]
        for some in chunks(files, GROUP_FILES):
            yield [letter for of_file in some for letter in of_file]


def replay_letters(
    driver: Driver, database: str, letters: Sequence[DeadLetter], *, batch_size: int = BATCH_ROWS
) -> list[Verdict]:
    """Write the rows of a batch again, nodes before relationships; what is there already is left.

    Args:
        driver: an open driver.
        database: its name.
        letters: of one project and run.
        batch_size: rows of one UNWIND.

    Returns:
        What became of each letter.

    Raises:
        neo4j.exceptions.Neo4jError, DriverError: only what `is_transient` says may pass; call it again.
    """
    target = Target(driver, database, letters[0].project, letters[0].run_id, batch_size)
    here = target.store_id()
    known = {"", here} if here else {letter.database for letter in letters}
    ours = [letter for letter in letters if letter.database in known]
    others = [letter for letter in letters if letter.database not in known]
    with target.session() as session:
        verdicts = _Replay(target, session).write(ours) if ours else []
    return verdicts + [Verdict(letter=letter, fate=Fate.WAITING, then=letter) for letter in others]


def settle(path: Path, verdicts: Iterable[Verdict]) -> None:
    """Drop the letters that were written or are superseded from the file, keep the others with their latest error.

    Raises:
        DatabaseError: the file cannot be written.
    """
    known = {(verdict.letter.identity, verdict.letter.timestamp): verdict for verdict in verdicts}
    kept: set[str] = set()

    def decide(letter: DeadLetter) -> DeadLetter | None:
        verdict = known.get((letter.identity, letter.timestamp))
        if verdict is None:
            return letter
        twice = letter.identity in kept
        kept.add(letter.identity)
        return None if twice else verdict.then

    rewrite(path, decide)


class _Replay:
    """Writes letters of one run in one session."""

    def __init__(self, target: Target, session: Session) -> None:
        self._target = target
        self._session = session
        self._files: dict[str, dict[str, Any]] = {}

    def write(self, letters: Sequence[DeadLetter]) -> list[Verdict]:
        """All in one transaction; if that is refused, file by file, and then without the rows that are to blame."""
        try:
            return self._write(letters, {})
        except PERMANENT as error:
            if is_transient(error):
                raise
            files = [list(of_file) for _, of_file in groupby(letters, key=lambda letter: letter.file)]
            if len(files) > 1:
                return [verdict for of_file in files for verdict in self.write(of_file)]
            return self._write_good(letters)

    def _write_good(self, letters: Sequence[DeadLetter]) -> list[Verdict]:
        try:
            return self._write(letters, self._isolate(letters))
        except LostRowsError as error:
            raise ContestedRowsError(f"{letters[0].file}: {error}, although they did a moment ago.") from error

    def _write(self, letters: Sequence[DeadLetter], bad: Bad) -> list[Verdict]:
        with self._target.work(self._session) as work:
            files = self._files = self._lock(work, {letter.file for letter in letters})
            due = _Due(letters, files, bad)
            due.leave_unneeded(work.present((row.label, row.id) for row in due.nodes))
            said = work.read_rels(list(files)) if due.rels else ()
            work.nodes(due.nodes)
            work.apply(addition(due.rels, said))
            work.commit()
        return due.verdicts()

    def _lock(self, work: Work, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What the graph has of the files. A run that is just writing one of them is waited for."""
        ids = self._target.ids(paths)
        present = work.lock_files(ids)
        work.run(cypher.DELETE_FILES, sorted(identity for identity, path in ids if path not in present))
        return present

    def _isolate(self, letters: Sequence[DeadLetter]) -> Bad:
        """The rows of one file that the database refuses, with its reasons."""
        file = letters[0].file
        due = _Due(letters, self._files, {})
        rows = FileRows(path=file, status=FileStatus.OK, file={}, nodes=due.nodes, rels=due.rels)
        _, poison = isolate(rows, lambda: self._target.work(self._session), self._target.batch)
        if not poison:
            raise ContestedRowsError(f"{file}: its rows were refused together, yet none of them is alone.")
        return {_key(row): error for row, error in poison}


class _Due:
    """The letters of some files: the rows that are to be written, and what became of the other ones."""

    def __init__(self, letters: Sequence[DeadLetter], files: Mapping[str, Mapping[str, Any]], bad: Bad) -> None:
        self._rows: list[tuple[DeadLetter, NodeRow | RelRow]] = []
        self._settled: list[Verdict] = []
        for letter in letters:
            verdict = settled(letter, files.get(letter.file)) or self._take(letter, bad)
            if verdict is not None:
                self._settled.append(verdict)

    @property
    def nodes(self) -> list[NodeRow]:
        """Nodes to write."""
        return [row for _, row in self._rows if isinstance(row, NodeRow)]

    @property
    def rels(self) -> list[RelRow]:
        """Relationships to write."""
        return [row for _, row in self._rows if isinstance(row, RelRow)]

    def leave_unneeded(self, present: set[str]) -> None:
        """Keep the letters of nodes that no relationship needs: they would stay alone in the graph for ever.

        Args:
            present: ids of the nodes that are in the graph; those are needed.
        """
        needed = {end for row in self.rels for end in (row.start, row.end)} | present
        rows, self._rows = self._rows, []
        for letter, row in rows:
            if isinstance(row, RelRow) or row.id in needed:
                self._rows.append((letter, row))
            else:
                self._settled.append(refused(letter, UNNEEDED))

    def verdicts(self) -> list[Verdict]:
        """What became of each letter, once the rows are written."""
        return self._settled + [Verdict(letter=letter, fate=Fate.WRITTEN) for letter, _ in self._rows]

    def _take(self, letter: DeadLetter, bad: Bad) -> Verdict | None:
        try:
            row = row_of(letter)
        except ValueError as error:
            return refused(letter, error)
        if row.key in bad:
            return refused(letter, bad[row.key])
        self._rows.append((letter, row))
        return None


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """As `NodeRow.key` and `RelRow.key` have it."""
    return tuple(row[name] for name in (("type", "start", "end") if "start" in row else ("label", "id")))
