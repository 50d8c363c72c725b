"""The tables that a flow's rows come from or are chosen by, wherever they stand in its queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineage_core.model.facts import Query, Ref

TRIGGER_ROWS = frozenset({"new", "old"})
PSEUDO_TABLES = TRIGGER_ROWS | {"inserted", "deleted"}
"""In a trigger they stand for the trigger's own table."""


def tables_below(queries: Sequence[Query], index: int, trigger_table: str = "") -> tuple[str, ...]:
    """The tables of `queries[index]` and of all that it holds or uses, first seen first; CTEs are seen through.

    Args:
        queries: those of the statement.
        index: the flow's.
        trigger_table: what `inserted`, `deleted`, NEW and OLD stand for; empty: nothing.
    """
    walk = _Walk(queries, trigger_table)
    walk.pending.append((index, {}))
    while walk.pending:  # CTEs are taken one after the other, however long their chain is
        walk.query(*walk.pending.pop(0))
    return tuple(walk.found)


class _Walk:
    def __init__(self, queries: Sequence[Query], trigger_table: str) -> None:
        self._queries = queries
        self._trigger_table = trigger_table
        self._seen: set[int] = set()
        self.found: dict[str, None] = {}
        self.pending: list[tuple[int, Mapping[str, int]]] = []

    def query(self, index: int, ctes: Mapping[str, int]) -> None:
        """Take one query; `ctes` are those in sight, by name."""
        if index in self._seen:
            return
        self._seen.add(index)
        query = self._queries[index]
        in_sight = {**ctes, **{cte.name: cte.query for cte in query.ctes}}
        for branch in query.branches:
            self.query(branch, in_sight)
        for source in query.sources:
            if source.query is not None:
                self.query(source.query, in_sight)
            elif source.table in in_sight:
                self.pending.append((in_sight[source.table], in_sight))
            elif source.table:
                self._table(source.table)
            self._refs(source.refs, in_sight, named=set())
        named = {source.alias for source in query.sources}
        for output in query.outputs:
            self._refs(output.refs, in_sight, named)
            if output.qualifier in TRIGGER_ROWS - named:
                self._table(output.qualifier)
        self._refs(query.influences, in_sight, named)

    def _refs(self, refs: Iterable[Ref], ctes: Mapping[str, int], named: set[str]) -> None:
        for ref in refs:
            if ref.query is not None:
                self.query(ref.query, ctes)
            elif ref.qualifier in PSEUDO_TABLES and ref.qualifier not in named:
                self._table(ref.qualifier)

    def _table(self, name: str) -> None:
        real = self._trigger_table if name in PSEUDO_TABLES else name
        if real:
            self.found.setdefault(real)
