"""MATCH_RECOGNIZE as a query over the rows it matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.facts import FlowKind, Output, Query, Source
from lineage_core.sql.extract import expression

if TYPE_CHECKING:
    from sqlglot import exp

    from lineage_core.sql.extract.builder import Builder


def matched(builder: Builder, source: Source, clause: exp.Expr) -> Source:
    """The source with the measures as columns; what partitions, orders and defines the pattern decides about rows."""
    measures = [item.this for item in clause.args.get("measures") or ()]
    outputs = tuple(
        Output(
            name=builder.identifier(item.args["alias"]),
            refs=expression.references(builder, item.unalias()),
            expression=builder.text(item.unalias()),
        )
        for item in measures
    )
    order = clause.args.get("order")
    deciding = (
        *expression.references_of(builder, clause.args.get("partition_by") or (), FlowKind.WINDOW),
        *expression.references(builder, order, FlowKind.SORT),
        *expression.references_of(
            builder, [item.unalias() for item in clause.args.get("define") or ()], FlowKind.FILTER
        ),
    )
    inner = Query(sources=(source,), outputs=(Output(star=True), *outputs), influences=tuple(dict.fromkeys(deciding)))
    alias = clause.args.get("alias")
    return Source(alias=builder.identifier(alias.this) if alias else source.alias, query=builder.add(inner))
