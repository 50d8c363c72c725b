"""INSERT ... ON CONFLICT DO UPDATE, and MySQL's ON DUPLICATE KEY UPDATE: the rows that were refused change old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Query, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression
from lineage_core.sql.extract.update import assignments

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder

_REFUSED = "excluded"


def conflict_flows(
    builder: Builder, node: exp.Insert, target: str, rows: int, columns: tuple[str, ...]
) -> tuple[Flow, ...]:
    """The flow of the assignments, none where there are none.

    Args:
        builder: the statement's builder.
        node: the INSERT.
        target: its table.
        rows: place of the query whose rows are inserted: what EXCLUDED, or MySQL's VALUES(a), stands for.
        columns: the target's columns as listed.
    """
    clause = node.args.get("conflict")
    if clause is None or not clause.expressions:
        return ()
    table = node.this.this if isinstance(node.this, exp.Schema) else node.this
    own = Source(alias=builder.identifier(table.alias or None), table=target)
    given = node.expression.args.get("alias")
    refused = Source(alias=builder.identifier(given.this) if given else _REFUSED, query=rows, columns=columns)
    _qualify(builder, clause, own.alias or builder.identifier(table.this), refused.alias)
    outputs = assignments(builder, clause.expressions)
    inner = builder.queries[rows] if builder.dialect.sqlglot == "mysql" else None  # sees the query's own tables as well
    seen = (own, refused, *(inner.sources if inner is not None else ()))
    where = expression.references(builder, clause.args.get("where"), FlowKind.FILTER)
    index = builder.add(Query(sources=seen, outputs=outputs, influences=where))
    return (Flow(target=target, query=index, columns=tuple(output.name for output in outputs)),)


def _qualify(builder: Builder, clause: exp.Expr, own: str, refused: str) -> None:
    """Say whose every column is: a bare one is the target's unless it is a variable, `VALUES(a)` the refused row's."""
    for call in [call for call in clause.find_all(exp.Anonymous) if call.name.upper() == "VALUES"]:
        if len(call.expressions) == 1:
            call.replace(exp.column(call.expressions[0].name, table=refused))
    for column in clause.find_all(exp.Column):
        bare = not column.table and builder.identifier(column.this) not in builder.variables
        if bare and column.find_ancestor(exp.Select, exp.OnConflict) is clause:
            column.set("table", exp.to_identifier(own, quoted=True))
