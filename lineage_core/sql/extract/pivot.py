"""PIVOT and UNPIVOT as a query over the table they turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.sql.extract.builder import Builder


def pivoted(builder: Builder, source: Source, pivots: Iterable[exp.Expr]) -> Source:
    """The source as it is behind its PIVOT and UNPIVOT clauses, in order; as it was where it has none."""
    for pivot in pivots:
        query = _unpivot(builder, source, pivot) if pivot.args.get("unpivot") else _pivot(builder, source, pivot)
        alias = pivot.args.get("alias") or exp.TableAlias()
        source = Source(
            alias=builder.identifier(alias.this) or source.alias or source.table,
            columns=tuple(builder.identifier(column) for column in alias.columns),
            query=builder.add(query),
        )
    return source


def _pivot(builder: Builder, source: Source, pivot: exp.Expr) -> Query:
    """One column for each value, the aggregates' inputs flowing to it; what they use up is not among the others."""
    each = [expression.references(builder, item, FlowKind.AGGREGATION) for item in pivot.expressions]
    values = tuple(dict.fromkeys(ref for refs in each for ref in refs))
    fields = [field for field in pivot.args.get("fields") or () if isinstance(field, exp.In)]
    deciding = expression.references_of(builder, (field.this for field in fields), FlowKind.CONDITIONAL)
    names = [builder.identifier(name) for name in pivot.args.get("columns") or ()]
    used = tuple(dict.fromkeys(ref.name for ref in (*values, *deciding) if ref.name))
    rest = Output(star=True, excluded=used)
    made = [
        Output(name=name, refs=(*(each[place % len(each)] if each else ()), *deciding))
        for place, name in enumerate(names)
    ]
    unnamed = () if names else (Output(name="*", refs=(*values, *deciding)),)  # the values of the column, or a query's
    return Query(sources=(source,), outputs=(rest, *made, *unnamed))


def _unpivot(builder: Builder, source: Source, pivot: exp.Expr) -> Query:
    """The listed columns become the rows of one (or several) value columns; the name column has no source. Which
    of the two comes first is the dialect's.
    """
    fields = [field for field in pivot.args.get("fields") or () if isinstance(field, exp.In)]
    names = [name for item in pivot.expressions for name in _parts(item)]
    turned = [[_parts(column) for column in field.expressions] for field in fields[:1]]
    columns = [[builder.identifier(_named(part)) for part in row] for rows in turned for row in rows]
    rest = Output(star=True, excluded=tuple(name for row in columns for name in row))
    values = [
        Output(
            name=builder.identifier(_named(name)),
            refs=tuple(Ref(name=row[position]) for row in columns if position < len(row)),
        )
        for position, name in enumerate(names)
    ]
    labels = [Output(name=builder.identifier(_named(field.this))) for field in fields]
    made = [*values, *labels] if builder.dialect.unpivots_values_first else [*labels, *values]
    return Query(sources=(source,), outputs=(rest, *made))


def _parts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.PivotAlias):
        node = node.this
    return list(node.expressions) if isinstance(node, exp.Tuple) else [node]


def _named(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Column | exp.Paren) else node
