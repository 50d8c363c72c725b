"""The tree compared with the graph: finds what happened while nobody watched, or while the kernel lost count."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neo4j.exceptions import DriverError, Neo4jError

from lineage_core.errors import DatabaseError, LineageError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.file_marks import FileMark, file_marks
from lineage_core.graph.planning import plan_ahead
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.source.hashing import hash_file
from lineage_core.source.identity import absolute
from lineage_core.source.look_up import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from neo4j import Driver

    from lineage_core.model.files import SourceFile
    from lineage_core.settings import Settings

_LOG = logging.getLogger(__name__)

_MOST_ROUNDS = 32

Stamp = tuple[int, int, int]
"""Size, time of the content, time of the inode: equal means that nobody wrote to the file."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found; paths are absolute."""

    files: frozenset[str]
    """All SQL files that are there."""
    differing: frozenset[str]
    """Those that the graph does not have as they are."""
    gone: frozenset[str]
    """Files that the graph has and the tree has not."""

    @property
    def paths(self) -> frozenset[str]:
        """What a run has to look at."""
        return self.differing | self.gone


@dataclass(slots=True)
class _Offer:
    """A path that differed: as what, the round in which it is offered again, and how many rounds to wait then."""

    stamp: Stamp | None
    again: int
    wait: int = 1


@dataclass(slots=True)
class Reconciler:
    """Compares by size and time, and by content where these differ. Remembers what it has found out.

    A file that still differs although a run was asked for it (the run failed, or the file cannot be read) is offered
    again, after 1, 2, 4 and at most 32 rounds, until it is in the graph. A change to it starts over.
    """

    settings: Settings
    _round: int = 0
    _contents: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    """The content (sha256) of files whose time is not the graph's."""
    _offers: dict[str, _Offer] = field(default_factory=dict)

    def files(self, tops: Sequence[str]) -> list[str]:
        """The SQL files in the given folders, which must be there."""
        return [file.location for file in look_up(tops, self.settings).files]

    def compare(self, tops: Sequence[str]) -> Compared:
        """The files in the given folders, which must be there, against the graph.

        Raises:
            DatabaseError: the graph cannot be read.
            SourceError: the project's root is not there.
        """
        marks = self._marks()
        found = look_up(tops, self.settings)
        here = {file.path for file in found.files}
        root = absolute(self.settings.root)
        gone = {os.path.join(root, path) for path in marks.keys() - here if found.covers(path)}  # noqa: PTH118
        differing = {file.location for file in found.files if self._differs(file, marks.get(file.path))}
        self._contents = {path: known for path, known in self._contents.items() if path in here}
        return Compared(frozenset(file.location for file in found.files), frozenset(differing), frozenset(gone))

    def offer(self, paths: Iterable[str]) -> set[str]:
        """Those of a comparison's paths for which a run should be asked now. Call it once a round."""
        self._round += 1
        offers, self._offers = self._offers, {}
        offered = set()
        for path in paths:
            stamp, last = _stamp(path), offers.get(path)
            if last is None or last.stamp != stamp:
                last = _Offer(stamp, self._round + 1)
                offered.add(path)
            elif self._round >= last.again:
                wait = min(2 * last.wait, _MOST_ROUNDS)
                last = _Offer(stamp, self._round + wait, wait)
                offered.add(path)
            self._offers[path] = last
        return offered

    def plan_ahead(self) -> None:
        """Have the database plan what runs will ask of it, so that the first one does not wait for that."""
        try:
            with self._graph() as (driver, database):
                plan_ahead(driver, database)
        except (LineageError, DriverError, Neo4jError) as error:
            _LOG.info("The first run will wait for Neo4j to plan its statements: %s", error)

    def _marks(self) -> Mapping[str, FileMark]:
        with self._graph() as (driver, database):
            return file_marks(driver, database, self.settings.project)

    @contextmanager
    def _graph(self) -> Iterator[tuple[Driver, str]]:
        """The open database, and its name."""
        if not self.settings.neo4j_uri and not EmbeddedServer(self.settings).status().running:
            raise DatabaseError(
                "The embedded Neo4j does not run.", hint="`lineage up` or `lineage db start` starts it."
            )
        database = locate(self.settings)
        with open_driver(database) as driver:
            yield driver, database.name

    def _differs(self, file: SourceFile, mark: FileMark | None) -> bool:
        stamp = _stamp(file.location)
        if stamp is None:
            return False  # gone since its folder was listed: an event tells, or the next round
        if mark is None or not mark.sha256:
            return True
        if (mark.size, mark.mtime) == stamp[:2]:
            return False
        known = self._contents.get(file.path)
        if known is None or known[0] != stamp:
            known = self._contents[file.path] = (stamp, hash_file(file).sha256)
        return known[1] != mark.sha256


def _stamp(location: str) -> Stamp | None:
    try:
        status = os.stat(location)  # noqa: PTH116 - every file of the tree
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
