"""Items of FROM that are made of a column's elements: arrays and objects of the tables beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.extract.builder import Builder

_ARRAYS_BY_PATH = frozenset({"bigquery", "redshift"})
"""Dialects in which FROM t, t.items names an array of t."""


def elements(builder: Builder, node: exp.Expr, found: Sequence[Source]) -> Source | None:
    """The source that an item of FROM is, where it is an array or object of those found before it; else None.

    Redshift's `t.items AS item AT index` and `UNPIVOT t.doc AS value AT key`, BigQuery's `JOIN t.items`, ClickHouse's
    `ARRAY JOIN items AS item`.
    """
    if isinstance(node, exp.Pivot) and isinstance(node.this, exp.AtIndex | exp.Alias):
        node = node.this
    names: list[str] = []
    if isinstance(node, exp.AtIndex):
        names, node = [builder.identifier(node.expression)], node.this
    if isinstance(node, exp.Alias | exp.Column):
        names = [builder.identifier(node.args.get("alias") or node.this), *names]
        refs = expression.references(builder, node.unalias(), FlowKind.TRANSFORMATION)
        return Source(columns=tuple(names), refs=refs)
    return _by_path(builder, node, found) if isinstance(node, exp.Table) else None


def _by_path(builder: Builder, node: exp.Table, found: Sequence[Source]) -> Source | None:
    """`t.items` where t is a source."""
    path = [part for part in node.parts if isinstance(part, exp.Identifier)]
    if builder.dialect.name not in _ARRAYS_BY_PATH or len(path) < 2:
        return None
    table, *fields = map(builder.identifier, path)
    if not any(table == (source.alias or source.table) for source in found):
        return None
    ref = Ref(name=fields[0], qualifier=table, kind=FlowKind.TRANSFORMATION)
    return Source(columns=(builder.identifier(node.alias or path[-1]),), refs=(ref,))


def side_by_side(builder: Builder, call: exp.Expr, alias: str, columns: tuple[str, ...]) -> Source | None:
    """`UNNEST(a, b) AS t(x, y)`: x is of a, y is of b, a number behind them is of both; None for one array only."""
    arrays = call.expressions if isinstance(call, exp.Unnest) else []
    if len(arrays) < 2 or len(columns) < len(arrays):
        return None
    each = [expression.references(builder, array, FlowKind.TRANSFORMATION) for array in arrays]
    every = tuple(dict.fromkeys(ref for refs in each for ref in refs))
    outputs = tuple(
        Output(name=name, refs=each[place] if place < len(each) else every) for place, name in enumerate(columns)
    )
    return Source(alias=alias, query=builder.add(Query(outputs=outputs)))


def passed_tables(builder: Builder, call: exp.Expr, alias: str, columns: tuple[str, ...]) -> Source | None:
    """`TABLE(f(input => TABLE(t)))`: the rows of t, as far as f hands them on; None for a function of no table."""
    tables = [
        builder.table(exp.Table(this=path[-1], db=path[-2] if len(path) > 1 else None))
        for inner in call.find_all(exp.Anonymous)
        if inner is not call and inner.name.upper() == "TABLE" and len(inner.expressions) == 1
        for path in [[*inner.expressions[0].parts] if isinstance(inner.expressions[0], exp.Column) else []]
        if path
    ]
    if not tables:
        return None
    for table in tables:
        builder.read(table)
    rows = Query(sources=tuple(Source(table=table) for table in tables), outputs=(Output(star=True),))
    return Source(alias=alias, columns=columns, query=builder.add(rows))
