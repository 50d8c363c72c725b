"""PIVOT and UNPIVOT as queries of their own, which DuckDB has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Cte, Flow, Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query, sources, stars
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.sql.extract.builder import Builder


def pivot_statement(builder: Builder, node: exp.Pivot) -> Parts:
    """A bare `PIVOT t ON ...`."""
    return Parts(kind="select", flows=(Flow(target="", query=query.build(builder, node)),))


def turned(builder: Builder, node: exp.Pivot, ctes: tuple[Cte, ...]) -> Query:
    """`PIVOT t ON a USING sum(b) GROUP BY c` and `UNPIVOT t ON a, b INTO NAME n VALUE v`."""
    found, _ = sources.from_table(builder, node.this)
    outputs = _unpivoted(builder, node, found) if node.args.get("into") else _pivoted(builder, node)
    return Query(sources=found, outputs=tuple(outputs), ctes=ctes)


def _pivoted(builder: Builder, node: exp.Pivot) -> Iterator[Output]:
    """The columns that group, and one for each value and aggregate; `*` for all of these where no values are given."""
    aggregates = node.args.get("using") or ()
    deciding = expression.references_of(builder, map(_turning, node.expressions), FlowKind.CONDITIONAL)
    every = expression.references_of(builder, aggregates, FlowKind.AGGREGATION)
    group = node.args.get("group")
    if group is not None:
        yield from (query.single(builder, item) for item in group.expressions)
    else:
        yield Output(star=True, excluded=tuple(ref.name for ref in (*every, *deciding)))
    values = _values(node)
    if not values:
        yield Output(name="*", refs=(*every, *deciding))
    for value in values:
        for item in aggregates:
            refs = (*expression.references(builder, item, FlowKind.AGGREGATION), *deciding)
            named = len(aggregates) > 1 or isinstance(item, exp.Alias)
            yield Output(name=f"{value}_{item.alias or builder.text(item)}".lower() if named else value, refs=refs)


def _turning(item: exp.Expr) -> exp.Expr:
    return item.this if isinstance(item, exp.In) else item


def _values(node: exp.Pivot) -> list[str]:
    """The values of `ON a IN ('x', 'y')`, where one column is turned."""
    only = node.expressions[0] if len(node.expressions) == 1 else None
    listed = only.expressions if isinstance(only, exp.In) else []
    return [item.name.lower() for item in listed] if all(isinstance(item, exp.Literal) for item in listed) else []


def _unpivoted(builder: Builder, node: exp.Pivot, found: tuple[Source, ...]) -> Iterator[Output]:
    """The other columns, the turned ones as one, and their names."""
    into = node.args["into"]
    if len(node.expressions) == 1 and stars.is_star(node.expressions[0]):
        taken = stars.star(builder, node.expressions[0])
        inner = builder.add(Query(sources=found, outputs=(taken,)))
        refs: tuple[Ref, ...] = (Ref(query=inner),)
        yield from (Output(name=name, refs=(Ref(name=name),)) for name in taken.excluded)
        if taken.matching:
            yield Output(star=True, matching=stars.inverted(taken.matching))
    else:
        refs = expression.references_of(builder, node.expressions, FlowKind.IDENTITY)
        yield Output(star=True, excluded=tuple(ref.name for ref in refs))
    yield Output(name=builder.identifier(into.this.this))
    yield from (Output(name=builder.identifier(value.this), refs=refs) for value in into.expressions)
