"""PIVOT and UNPIVOT as statements of their own, which DuckDB has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.facts import Flow, FlowKind, Output, Query
from lineage_core.sql.extract import expression, query, sources
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from sqlglot import exp

    from lineage_core.sql.extract.builder import Builder


def pivot_statement(builder: Builder, node: exp.Pivot) -> Parts:
    """DuckDB's `PIVOT t ON a USING sum(b) GROUP BY c` and `UNPIVOT t ON a, b INTO NAME n VALUE v`."""
    found, _ = sources.from_table(builder, node.this)
    if into := node.args.get("into"):
        turned = expression.references_of(builder, node.expressions, FlowKind.IDENTITY)
        kept: tuple[Output, ...] = (Output(star=True, excluded=tuple(ref.name for ref in turned)),)
        made = [Output(name=builder.identifier(value.this), refs=turned) for value in into.expressions]
        made.append(Output(name=builder.identifier(into.this.this)))
    else:
        values = expression.references_of(builder, node.args.get("using") or (), FlowKind.AGGREGATION)
        deciding = expression.references_of(builder, node.expressions, FlowKind.CONDITIONAL)
        group = node.args.get("group")
        kept = tuple(query.single(builder, item) for item in (group.expressions if group else ()))
        kept = kept or (Output(star=True, excluded=tuple(ref.name for ref in (*values, *deciding))),)
        made = [Output(name="*", refs=(*values, *deciding))]
    index = builder.add(Query(sources=found, outputs=(*kept, *made)))
    return Parts(kind="select", flows=(Flow(target="", query=index),))
