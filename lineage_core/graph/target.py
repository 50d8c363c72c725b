"""Where a writer writes: one project of a database, in one run, in transactions of some size."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage_core.graph import cypher
from lineage_core.graph.faults import SupersededError
from lineage_core.graph.file_nodes import NOT_INGESTED
from lineage_core.graph.transaction import Work
from lineage_core.model.changes import GraphChanges
from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from neo4j import Driver, Session

BATCH_ROWS = 5000
"""Rows of one UNWIND where nothing else is asked for (`INGEST_BATCH_SIZE`)."""

Known = Mapping[str, dict[str, Any]]
"""File nodes that are in the graph: path -> properties."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """A project of a database. `batch`: rows of one UNWIND; `batching` False: one row a transaction."""

    driver: Driver
    database: str
    project: str
    run_id: str
    batch: int = BATCH_ROWS
    batching: bool = True

    def session(self) -> AbstractContextManager[Session]:
        """A session on the database."""
        return self.driver.session(database=self.database)

    def work(self, session: Session) -> Work:
        """A unit of work in the way that was asked for."""
        return Work(session, self.project, self.run_id, self.batch, single=not self.batching)

    def trial(self, session: Session) -> Work:
        """A unit of work that can be rolled back in any case."""
        return Work(session, self.project, self.run_id, self.batch)

    def ids(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """(id of the File node, path)."""
        return [(file_urn(self.project, path), path) for path in paths]

    def store_id(self) -> str:
        """What tells this database from any other; empty where that may not be asked."""
        from neo4j.exceptions import ClientError

        try:
            records, _, _ = self.driver.execute_query("CALL db.info() YIELD id RETURN id", database_=self.database)
        except ClientError:
            return ""
        return str(records[0]["id"])

    def known(self, session: Session, paths: Iterable[str]) -> Known:
        """What the graph has of the files now; no lock is taken."""
        ids = [identity for identity, _ in self.ids(paths)]
        return {row["path"]: row["props"] for row in session.run(cypher.READ_FILES, cypher.of_batch(ids))}

    def is_held(self, session: Session, mark: Mapping[str, Any]) -> bool:
        """Whether the File node is still as this run marked it (`lineage_core.graph.file_nodes.mark_of`)."""
        try:
            with self.work(session) as work:
                work.hold(mark)
                work.commit()
        except SupersededError:
            return False
        return True

    def give_way(self, session: Session, path: str) -> None:
        """Another run has taken over the file while this one was writing it in several transactions.

        With batching every one of those held the file, so that the other run saw what they did. The plain path holds
        nothing, and rows of both may be mixed: the file counts as not ingested then, and the next run writes it anew.
        """
        _log.info("%s: another run has a later look at it, this one leaves it", path)
        if not self.batching:
            self.touch(session, [{"path": path, "props": NOT_INGESTED}])

    def touch(self, session: Session, rows: Iterable[Mapping[str, Any]]) -> GraphChanges:
        """Set properties of File nodes beside their rows; see `lineage_core.graph.writer.Writer.touch`."""
        found = [{**row, "id": file_urn(self.project, row["path"])} for row in rows]
        if not found:
            return GraphChanges()
        with self.work(session) as work:
            work.run(cypher.TOUCH_FILES, sorted(found, key=lambda row: str(row["id"])))
            return work.commit()
