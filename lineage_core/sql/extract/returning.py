"""What a changing statement gives back: T-SQL's OUTPUT ... INTO, and RETURNING of a statement inside WITH."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlglot

from lineage_core.model.facts import Flow, Query, Source
from lineage_core.sql.extract import query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

    from lineage_core.sql.extract.builder import Builder
    from lineage_core.sql.extract.parts import Parts
    from lineage_core.sql.output_clause import OutputClause


def with_outputs(builder: Builder, parts: Parts, clauses: Iterable[OutputClause]) -> Parts:
    """The parts with what OUTPUT ... INTO writes: `inserted` and `deleted` stand for the changed table's rows.

    Raises:
        SqlglotError: a clause's list cannot be parsed.
    """
    for clause in clauses:
        if clause.into and parts.writes:
            rows = output_rows(builder, clause, parts)
            flow = Flow(target=clause.into, query=rows, columns=clause.columns, positional=True)
            parts = replace(parts, writes=(*parts.writes, clause.into), flows=(*parts.flows, flow))
    return parts


def output_rows(builder: Builder, clause: OutputClause, parts: Parts) -> int:
    """The place of the query over an OUTPUT clause: it sees the changed rows, and what MERGE, UPDATE or DELETE join.

    Raises:
        SqlglotError: the clause's list cannot be parsed.
    """
    tree = sqlglot.parse_one(f"SELECT {clause.items}", dialect=builder.dialect.sqlglot)
    outputs = tuple(output for item in tree.expressions for output in query.outputs(builder, item))
    rows = tuple(Source(alias=alias, table=parts.writes[0]) for alias in ("inserted", "deleted"))
    joins = parts.flows and parts.kind != "insert"
    inner = builder.queries[parts.flows[-1].query] if joins else None
    seen, ctes = (inner.sources, inner.ctes) if inner is not None else ((), ())
    return builder.add(Query(sources=(*rows, *seen), outputs=outputs, ctes=ctes))


def returned_rows(builder: Builder, node: exp.Expr, parts: Parts) -> int:
    """The query over the rows that a changing statement returns: columns of its target and of what it is joined with.

    Args:
        builder: the statement's builder; the target counts as read.
        node: INSERT, UPDATE, DELETE or MERGE.
        parts: what its extractor said.
    """
    clause = node.args.get("returning")
    target = parts.writes[0] if parts.writes else ""
    if clause is None or not target:
        return builder.add(Query())
    builder.read(target)
    query_sources: tuple[Source, ...] = ()
    if parts.kind != "insert" and parts.flows and (inner := builder.queries[parts.flows[0].query]) is not None:
        query_sources = inner.sources
    outputs = tuple(output for item in clause.expressions for output in query.outputs(builder, item))
    return builder.add(Query(sources=query_sources or (Source(table=target),), outputs=outputs))
