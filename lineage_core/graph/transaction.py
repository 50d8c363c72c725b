"""One unit of work: statements sent without waiting for each other, counted, then committed or rolled back together."""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lineage_core.graph import cypher
from lineage_core.graph.faults import LostRowsError, SupersededError
from lineage_core.metrics import TRANSACTION_SECONDS
from lineage_core.model.changes import GraphChanges
from lineage_core.model.schema import NODES, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from neo4j import Result, Session, Transaction

    from lineage_core.graph.difference import Difference, Said
    from lineage_core.model.rows import NodeRow, RelRow

LONGEST_SECONDS = 120.0
"""The server ends a transaction that is open for longer. A connection that died without a word would otherwise keep the
files of its transaction locked for ever, and every further try with them.
"""

T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Consecutive pieces of at most `size` items."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


class Work:
    """A transaction over rows; `single` for the plain path, where every statement has one row and commits by itself.

    Rows are sorted by label and id in every statement, so that two writers take their locks in one order. Nodes come
    before relationships; statements are pipelined, and `settle` waits for them.
    """

    def __init__(self, session: Session, project: str, run_id: str, batch: int, *, single: bool = False) -> None:
        self._session = session
        self._project = project
        self._run_id = run_id
        self._batch = batch
        self._single = single
        self._transaction: Transaction | None = None
        self._open: list[tuple[Result, int | None, bool, type[LostRowsError | SupersededError]]] = []
        self._changes = GraphChanges()
        self._began = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self._transaction = None if self._single else self._session.begin_transaction(timeout=LONGEST_SECONDS)
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""
        if self._transaction is not None:
            self._transaction.close()
            self._end("rolled_back")

    def _end(self, outcome: str) -> None:
        TRANSACTION_SECONDS.labels(outcome).observe(time.perf_counter() - self._began)
        self._transaction = None

    def run(
        self,
        statement: str,
        rows: Sequence[Any],
        *,
        expected: bool = False,
        owned: bool = False,
        missing: type[LostRowsError | SupersededError] = LostRowsError,
    ) -> None:
        """Send a statement over rows, in batches.

        Args:
            statement: takes `$batch.rows` and returns one number, `written`.
            rows: parameters.
            expected: every row must be written: `settle` raises `missing` otherwise.
            owned: what is written without being created counts as a node updated.
            missing: the error for rows that were not written.
        """
        for some in chunks(rows, self._batch):
            runner = self._transaction if self._transaction is not None else self._session
            result = runner.run(statement, cypher.of_batch(some), project=self._project, run=self._run_id)
            self._open.append((result, len(some) if expected else None, owned, missing))
            if self._single:
                self.settle()

    def settle(self) -> GraphChanges:
        """Wait for the statements sent so far; what they and those before them changed."""
        waiting, self._open = self._open, []
        for result, expected, owned, missing in waiting:
            record = result.single()
            written = int(record["written"]) if record is not None else 0
            counters = result.consume().counters
            if expected is not None and written != expected:
                raise missing(f"{expected - written} of {expected} {missing.what}")
            self._changes += GraphChanges(
                nodes_created=counters.nodes_created,
                nodes_updated=max(0, written - counters.nodes_created) if owned else 0,
                nodes_deleted=counters.nodes_deleted,
                relationships_created=counters.relationships_created,
                relationships_deleted=counters.relationships_deleted,
            )
        return self._changes

    def read_rels(self, paths: Sequence[str]) -> list[Said]:
        """What the files have said so far."""
        self.settle()
        runner = self._transaction if self._transaction is not None else self._session
        labels = [label.value for label in NODES]
        result = runner.run(cypher.READ_RELS, cypher.of_batch(list(paths)), project=self._project, labels=labels)
        return [record.data() for record in result]

    def lock_files(self, files: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
        """Keep other writers off the files until the transaction ends; (id, path).

        Returns:
            What says who wrote them, and when, for those that were in the graph before: path -> status, run_id,
            rows_digest, ingested_at, observed_at. The others have an empty File node now.
        """
        self.settle()
        rows = [{"id": identity, "name": path.rpartition("/")[2], "path": path} for identity, path in sorted(files)]
        runner = self._transaction if self._transaction is not None else self._session
        result = runner.run(cypher.LOCK_FILES, cypher.of_batch(rows), project=self._project)
        present = result.single(strict=True)["present"]
        self._changes += GraphChanges(nodes_created=result.consume().counters.nodes_created)
        return {row["path"]: row["props"] for row in present}

    def present(self, nodes: Iterable[tuple[Label, str]]) -> set[str]:
        """The ids of those of the nodes that are there; (label, id)."""
        self.settle()
        runner = self._transaction if self._transaction is not None else self._session
        found: set[str] = set()
        for label, group in groupby(sorted(nodes), key=lambda item: item[0]):
            rows = [identity for _, identity in group]
            found.update(runner.run(cypher.present_nodes(label), cypher.of_batch(rows)).single(strict=True)["present"])
        return found

    def hold(self, mark: Mapping[str, Any]) -> None:
        """Lock the File node that was marked so; `settle` raises SupersededError if another run has taken it over."""
        self.run(cypher.HOLD_FILES, [mark], expected=True, missing=SupersededError)

    def files(self, files: Iterable[tuple[str, str]]) -> None:
        """Make sure that File nodes are there to hang relationships on; (id, path)."""
        rows = [{"id": identity, "name": path.rpartition("/")[2]} for identity, path in sorted(files)]
        self.run(cypher.need_nodes(Label.FILE), rows)

    def nodes(self, rows: Iterable[NodeRow]) -> None:
        """Write nodes: each once, a row that owns it before one that only needs it."""
        best: dict[tuple[str, ...], NodeRow] = {}
        for row in rows:
            earlier = best.get(row.key)
            if earlier is None or (row.owned and not earlier.owned):
                best[row.key] = row
        for (label, owned, sublabel), group in groupby(sorted(best.values(), key=_node_order), key=_node_group):
            if owned:
                self.run(cypher.own_nodes(label, sublabel), [self._node(row) for row in group], owned=True)
            else:
                self.run(cypher.need_nodes(label), [{"id": row.id, "name": row.name} for row in group])

    def apply(self, difference: Difference) -> None:
        """Delete, change and create relationships."""
        self.run(cypher.DELETE_RELS, [rel["key"] for rel in difference.delete])
        self.run(cypher.UPDATE_RELS, difference.update)
        self._changes += GraphChanges(relationships_updated=len(difference.update))
        for (kind, start, end), group in groupby(sorted(difference.create, key=_rel_order), key=_rel_group):
            self.run(cypher.create_rels(kind, start, end), [cypher.rel_row(row) for row in group], expected=True)

    def delete_orphans(self, touched: Iterable[tuple[Label, str]]) -> None:
        """Delete those of the nodes that lost their last relationship; files stay."""
        for label, group in groupby(sorted(touched), key=lambda item: item[0]):
            if label is not Label.FILE:
                self.run(cypher.delete_orphans(label), [identity for _, identity in group])

    def delete_lonely(self) -> None:
        """Delete the project's nodes without any relationship: what an earlier write left when it was cut off."""
        for label in NODES:
            if label is not Label.FILE:
                self.run(cypher.delete_lonely(label), [self._project])

    def commit(self) -> GraphChanges:
        """Wait, commit, and say what was done."""
        self.settle()
        if self._transaction is not None:
            self._transaction.commit()
            self._end("committed")
        return self._changes

    def _node(self, row: NodeRow) -> dict[str, Any]:
        return {"id": row.id, "props": {"id": row.id, "name": row.name, "project_id": self._project, **row.props}}


def _node_order(row: NodeRow) -> tuple[Any, ...]:
    return (row.label, row.owned, row.sublabel, row.id)


def _node_group(row: NodeRow) -> tuple[Any, ...]:
    return (row.label, row.owned, row.sublabel)


def _rel_order(row: RelRow) -> tuple[Any, ...]:
    return (row.type, row.start_label, row.end_label, row.start, row.end, row.source_file)


def _rel_group(row: RelRow) -> tuple[Any, ...]:
    return (row.type, row.start_label, row.end_label)
