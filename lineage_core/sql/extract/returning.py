"""T-SQL's OUTPUT ... INTO: rows of `inserted` and `deleted` that reach a second target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Query, Source
from lineage_core.sql.extract import query

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def output_flows(builder: Builder, node: exp.Expr, target: str) -> tuple[tuple[Flow, ...], tuple[str, ...]]:
    """The flow into OUTPUT's target and that target, both empty where there is none.

    Args:
        builder: the statement's builder.
        node: INSERT, UPDATE, DELETE or MERGE.
        target: the table it changes: what `inserted` and `deleted` stand for.
    """
    clause = node.args.get("returning")
    into = clause.args.get("into") if clause is not None else None
    if clause is None or into is None:
        return (), ()
    name = builder.table(into.this if isinstance(into, exp.Into) else into)
    outputs = tuple(query.single(builder, item) for item in clause.expressions if not query.is_star(item))
    rows = tuple(Source(alias=alias, table=target) for alias in ("inserted", "deleted"))
    index = builder.add(Query(sources=rows, outputs=outputs))
    return (Flow(target=name, query=index, positional=True),), (name,)
