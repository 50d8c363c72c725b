"""One query into several tables: INSERT ALL and INSERT FIRST, and Hive's FROM ... INSERT ... INSERT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Output, Query, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query
from lineage_core.sql.extract.insert import insert, target_of, values_row
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from lineage_core.model.facts import Cte
    from lineage_core.sql.extract.builder import Builder


def multi_insert(builder: Builder, node: exp.Expr) -> Parts:
    """A flow for each INTO; they have the query in common."""
    source = node.args["source"]
    if not isinstance(node.expressions[0], exp.ConditionalInsert):
        return _from_first(builder, source, node.expressions, node.args.get("with_"))
    with builder.cte_scope() as names:
        ctes = query.with_ctes(builder, node, names)
        rows = query.build(builder, source)
        flows = tuple(_into(builder, item, rows, ctes) for item in node.expressions)
    return Parts(kind="insert", writes=tuple(flow.target for flow in flows), flows=flows)


def _into(builder: Builder, item: exp.Expr, rows: int, ctes: tuple[Cte, ...]) -> Flow:
    """`[WHEN condition THEN] INTO t (a) VALUES (x)`: VALUES and the condition name the query's outputs."""
    given = item.this.expression
    target, columns = target_of(builder, item.this.this)
    outputs: tuple[Output, ...] = (Output(star=True),)
    if isinstance(given, exp.Values) and given.expressions:
        row = given.expressions[0]
        outputs = values_row(builder, row.expressions if isinstance(row, exp.Tuple) else [row], columns)
    deciding = expression.references(builder, item.args.get("expression"), FlowKind.FILTER)
    index = builder.add(Query(sources=(Source(query=rows),), outputs=outputs, influences=deciding, ctes=ctes))
    return Flow(target=target, query=index, columns=columns, positional=True)


def _from_first(builder: Builder, source: exp.Expr, items: list[exp.Insert], ctes: exp.Expr | None) -> Parts:
    """`WITH ... FROM s INSERT INTO a SELECT x INSERT INTO b SELECT y`: every SELECT reads s, and sees the CTEs."""
    parts = []
    for item in items:
        if ctes is not None:
            item.set("with_", ctes.copy())
        for select in item.expression.find_all(exp.Select):
            if select.args.get("from_") is None:
                select.set("from_", exp.From(this=source.copy()))
        parts.append(insert(builder, item))
    writes = tuple(name for each in parts for name in each.writes)
    return Parts(kind="insert", writes=writes, flows=tuple(flow for each in parts for flow in each.flows))
