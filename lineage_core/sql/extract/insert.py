"""INSERT ... SELECT | VALUES, INSERT OVERWRITE, SELECT INTO and a bare SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Output, Query
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query, sources
from lineage_core.sql.extract.conflict import conflict_flows
from lineage_core.sql.extract.parts import Parts
from lineage_core.sql.extract.update import base_table

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def insert(builder: Builder, node: exp.Insert) -> Parts:
    """INSERT: positional flow from the query to the listed columns, else to the target's own.

    What goes into a CTE goes into the table below it.
    """
    target, columns = target_of(builder, node.this)
    with builder.cte_scope() as names:
        ctes = query.with_ctes(builder, node, names)
        if (base := base_table(builder, ctes, target))[0] != target:
            target, below = base
            columns = tuple(below.get(name, name) for name in columns or below)
        whole = node.args.get("source")  # INSERT INTO t TABLE s
        source = whole if isinstance(whole, exp.Table) else node.expression
        flows: tuple[Flow, ...] = ()
        if source is not None and not isinstance(source, exp.Command):
            index = query.build(builder, source)
            if ctes:
                index = builder.add(Query(branches=(index,), ctes=ctes))
            flows = (Flow(target=target, query=index, columns=columns, positional=not node.args.get("by_name")),)
            flows += conflict_flows(builder, node, target, index, columns)
    return Parts(kind="insert", writes=(target,), flows=flows)


def select(builder: Builder, node: exp.Expr) -> Parts:
    """A bare query; `SELECT ... INTO t` writes (and creates) t, matched by names."""
    index = query.build(builder, node)
    into = next((part.args["into"] for part in _first_selects(node) if part.args.get("into")), None)
    target = builder.table(into.this) if into is not None else ""
    if not target:
        return Parts(kind="select", flows=(Flow(target="", query=index),))
    temporary = (target,) if into is not None and into.args.get("temporary") else ()
    return Parts(kind="select_into", writes=(target,), flows=(Flow(target=target, query=index),), temporary=temporary)


def target_of(builder: Builder, node: exp.Expr) -> tuple[str, tuple[str, ...]]:
    """The target's name, and its columns where the statement lists them."""
    if isinstance(node, exp.Schema):
        columns = [
            column for column in node.expressions if isinstance(column, exp.Identifier | exp.Column | exp.ColumnDef)
        ]
        return builder.table(node.this), tuple(
            builder.identifier(column.this if isinstance(column, exp.ColumnDef | exp.Column) else column)
            for column in columns
        )
    if isinstance(node, exp.Directory):
        return f"path:{node.this.name}", ()
    if isinstance(node, exp.Func) and (files := sources.locations(builder, node)):  # INSERT INTO FUNCTION s3('file')
        return files[0], ()
    return builder.table(node), ()


def values_row(builder: Builder, values: list[exp.Expr], columns: tuple[str, ...]) -> tuple[Output, ...]:
    """One row of expressions as outputs, named by `columns` where given."""
    return tuple(
        Output(
            name=columns[position] if position < len(columns) else _own_name(builder, value, columns),
            refs=expression.references(builder, value, FlowKind.IDENTITY),
            expression="" if isinstance(value, exp.Column) else builder.text(value),
        )
        for position, value in enumerate(values)
    )


def _own_name(builder: Builder, value: exp.Expr, columns: tuple[str, ...]) -> str:
    """Without a list of columns a value that is a column names its target, as a select list's does."""
    return builder.identifier(value.this) if isinstance(value, exp.Column) and not columns else ""


def _first_selects(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    inner: exp.Expr | None = node
    while inner is not None:
        found.append(inner)
        inner = inner.this if isinstance(inner, exp.SetOperation | exp.Subquery) else None
    return found
