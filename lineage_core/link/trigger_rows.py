"""The names that a trigger's REFERENCING gives to its rows, as NEW: both stand for the trigger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from lineage_core.model.facts import Query, Ref, Source, Statement

_ROWS = "new"


def with_trigger_rows(statement: Statement, rows: Collection[str]) -> Statement:
    """The statement of a trigger's body with NEW in the place of `rows`, which are no tables that it reads.

    An alias of the statement hides a name of the trigger's.
    """
    sources = [source for query in statement.queries for source in query.sources]
    hidden = {source.alias or source.table for source in sources}
    own = {name for name in rows if name not in hidden}
    if not own and not any(source.table in rows for source in sources):
        return statement
    reads = tuple(name for name in statement.reads if name not in rows)
    queries = tuple(_query(query, rows, own) for query in statement.queries)
    return statement.model_copy(update={"reads": reads, "queries": queries})


def _query(query: Query, rows: Collection[str], own: Collection[str]) -> Query:
    outputs = tuple(
        output.model_copy(update={"refs": _refs(output.refs, own), "qualifier": _renamed(output.qualifier, own)})
        for output in query.outputs
    )
    return query.model_copy(
        update={
            "sources": tuple(_source(source, rows, own) for source in query.sources),
            "outputs": outputs,
            "influences": _refs(query.influences, own),
        }
    )


def _source(source: Source, rows: Collection[str], own: Collection[str]) -> Source:
    update: dict[str, object] = {"refs": _refs(source.refs, own)}
    if source.table in rows:
        update |= {"table": _ROWS, "alias": source.alias or source.table}
    return source.model_copy(update=update)


def _refs(refs: tuple[Ref, ...], own: Collection[str]) -> tuple[Ref, ...]:
    return tuple(ref.model_copy(update={"qualifier": _renamed(ref.qualifier, own)}) for ref in refs)


def _renamed(qualifier: str, own: Collection[str]) -> str:
    return _ROWS if qualifier in own else qualifier
