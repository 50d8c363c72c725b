"""What a changing statement gives back: T-SQL's OUTPUT ... INTO, and RETURNING of a statement inside WITH."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlglot

from lineage_core.model.facts import Flow, Query, Source
from lineage_core.sql.extract import query

if TYPE_CHECKING:
    from collections.abc import Iterable

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
            flow = _output(builder, clause, parts.writes[0])
            parts = replace(parts, writes=(*parts.writes, clause.into), flows=(*parts.flows, flow))
    return parts


def _output(builder: Builder, clause: OutputClause, target: str) -> Flow:
    tree = sqlglot.parse_one(f"SELECT {clause.items}", dialect=builder.dialect.sqlglot)
    outputs = tuple(output for item in tree.expressions for output in query.outputs(builder, item))
    rows = tuple(Source(alias=alias, table=target) for alias in ("inserted", "deleted"))
    index = builder.add(Query(sources=rows, outputs=outputs))
    return Flow(target=clause.into, query=index, columns=clause.columns, positional=True)
