"""The columns an expression uses, each with the kind of its flow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlglot import exp

from lineage_core.model.facts import Ref
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import conditions
from lineage_core.sql.extract import query as queries
from lineage_core.sql.extract.builder import Builder
from lineage_core.sql.extract.known_names import is_aggregate, pseudo_columns
from lineage_core.sql.names import join_parts
from lineage_core.sql.own_functions import unmarked

Walker = Callable[[Builder, exp.Expr, FlowKind], Iterator[Ref]]

_STRENGTH = {FlowKind.IDENTITY: 0, FlowKind.TRANSFORMATION: 1, FlowKind.AGGREGATION: 2}

_PASS_THROUGH = (exp.Paren, exp.Alias, exp.Ordered)

_DATE_PARTS = frozenset(
    (
        "year yy yyyy quarter qq q month mm m dayofyear dy y day dd d week wk ww weekday dw w iso_week isowk isoww "
        "hour hh minute mi n second ss s millisecond ms microsecond mcs nanosecond ns tzoffset tz"
    ).split()
)

_METHODS = frozenset("value query nodes exist modify ToString GetLevel GetAncestor IsDescendantOf MakeValid".split())
"""Of T-SQL's xml, hierarchyid and spatial columns; unlike everything else there their names have a case."""

_SPATIAL_METHOD = re.compile(r"ST(?:[A-Z][a-z]|X$|Y$)")


def references(builder: Builder, node: object, kind: FlowKind = FlowKind.IDENTITY) -> tuple[Ref, ...]:
    """Every column or subquery that `node` uses, without doubles, in reading order.

    Args:
        builder: the statement's builder; subqueries are added to it.
        node: an expression, or None for none.
        kind: how the expression as a whole reaches its target. Influence kinds (filter, join, ...) stick to everything
            in it; direct kinds grow: identity, then transformation, then aggregation.
    """
    if not isinstance(node, exp.Expr):  # a flag of the clause, not a part of it
        return ()
    return tuple(dict.fromkeys(walk(builder, node, kind)))


def references_of(builder: Builder, nodes: Iterable[exp.Expr], kind: FlowKind) -> tuple[Ref, ...]:
    """The same over several expressions."""
    return tuple(dict.fromkeys(ref for node in nodes for ref in walk(builder, node, kind)))


def stronger(kind: FlowKind, at_least: FlowKind) -> FlowKind:
    """`kind` raised to `at_least`; an influence kind stays what it is."""
    if not kind.direct:
        return kind
    return max(kind, at_least, key=_STRENGTH.__getitem__)


def walk(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """The same as they are met."""
    for node_type, walker in _WALKERS:
        if isinstance(node, node_type):
            yield from walker(builder, node, kind)
            return
    yield from _children(builder, node, kind)


def _children(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    if not isinstance(node, _PASS_THROUGH):
        kind = stronger(kind, FlowKind.TRANSFORMATION)
    children = _operands(node) if isinstance(node, exp.Binary) else node.iter_expressions()
    for child in children:
        yield from walk(builder, child, kind)


def _operands(node: exp.Expr) -> Iterator[exp.Expr]:
    """The operands of `a OR b OR c ...`, however many: such trees are as deep as they are long."""
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, exp.Binary) and not isinstance(top, exp.Dot):
            stack += reversed(list(top.iter_expressions()))
        else:
            yield top


def _column(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    *qualifier, last = node.parts if isinstance(node, exp.Column) else [node]
    path = [builder.identifier(part) for part in qualifier]
    if isinstance(last, exp.Star):
        yield Ref(name="*", qualifier=join_parts(path), kind=kind)
        return
    if isinstance(last, exp.Parameter):
        yield from _numbered(builder, last, join_parts(path), kind)
        return
    if isinstance(last, exp.Literal) and qualifier:  # the place of an item in ClickHouse's tuple
        last, kind = qualifier.pop(), stronger(kind, FlowKind.TRANSFORMATION)
        path.pop()
    name = builder.identifier(last)
    if (path[0] if path else name) in builder.variables:
        return
    if not qualifier and name in builder.scalars:
        yield from walk(builder, builder.scalars[name], stronger(kind, FlowKind.TRANSFORMATION))
        return
    if (name in pseudo_columns(builder, node, qualifier) or name.startswith("$")) and not last.args.get("quoted"):
        return
    yield Ref(name=name, qualifier=join_parts(path), kind=kind)


def _numbered(builder: Builder, node: exp.Expr, qualifier: str, kind: FlowKind) -> Iterator[Ref]:
    """Snowflake's `$1`, the first column of a staged file or table; elsewhere a parameter."""
    if builder.dialect.name == "snowflake" and isinstance(node.this, exp.Literal) and node.this.is_int:
        yield Ref(name=f"${node.this.name}", qualifier=qualifier, kind=kind)


def _parameter(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    yield from _numbered(builder, node, "", kind)


def _star(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    del builder, node
    yield Ref(name="*", kind=kind)


def _subquery(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    yield Ref(query=queries.build(builder, node), kind=kind)


def _window(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    yield from walk(builder, node.this, stronger(kind, FlowKind.TRANSFORMATION))
    frame = FlowKind.WINDOW if kind.direct else kind
    yield from _frame(builder, node, frame)
    select, name = node.find_ancestor(exp.Select), node.alias
    for window in (select.args.get("windows") or ()) if select is not None and name else ():  # OVER w
        if builder.identifier(window.this) == builder.identifier(node.args["alias"]):
            yield from _frame(builder, window, frame)


def _frame(builder: Builder, node: exp.Expr, frame: FlowKind) -> Iterator[Ref]:
    for part in node.args.get("partition_by") or ():
        yield from walk(builder, part, frame)
    if order := node.args.get("order"):
        yield from walk(builder, order, frame)


def _filtered(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    yield from walk(builder, node.this, kind)
    yield from walk(builder, node.expression, FlowKind.CONDITIONAL if kind.direct else kind)


def _order(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """array_agg(a ORDER BY b): b decides about order only."""
    if node.this is not None:
        yield from walk(builder, node.this, kind)
    for item in node.expressions:
        yield from walk(builder, item, FlowKind.WINDOW if kind.direct else kind)


def _within_group(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """`listagg(a) WITHIN GROUP (ORDER BY b)` takes a, b decides; of a percentile the order is the measure itself."""
    yield from walk(builder, node.this, kind)
    if node.this.find(exp.Column) is not None:
        yield from walk(builder, node.expression, FlowKind.WINDOW if kind.direct else kind)
    else:
        yield from _children(builder, node.expression, stronger(kind, FlowKind.AGGREGATION))


def _aggregate(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    if isinstance(node, exp.Count) and node.this is None:  # ClickHouse's count()
        yield Ref(name="*", kind=stronger(kind, FlowKind.AGGREGATION))
    yield from _children(builder, node, stronger(kind, FlowKind.AGGREGATION))


def _lambda(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    own = {builder.identifier(name) for name in node.expressions}
    for ref in walk(builder, node.this, stronger(kind, FlowKind.TRANSFORMATION)):
        if ref.qualifier.split(".")[0] not in own and (ref.qualifier or ref.name not in own):
            yield ref


def _comprehension(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """DuckDB's `[x + 1 FOR x IN a IF x > 0]`: x stands for a's elements."""
    own = builder.identifier(node.expression)
    yield from walk(builder, node.args["iterator"], stronger(kind, FlowKind.TRANSFORMATION))
    for ref in walk(builder, node.this, stronger(kind, FlowKind.TRANSFORMATION)):
        if own not in {ref.name, ref.qualifier.split(".")[0]}:
            yield ref


def _unknown_function(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    if node.name.lower() == "multiif":
        yield from conditions.by_value(builder, node, kind)
        return
    name = node.name.lower()
    own = FlowKind.AGGREGATION if is_aggregate(name) else FlowKind.TRANSFORMATION
    arguments = list(node.expressions)
    if arguments and node.name.lower().startswith("date") and _is_date_part(arguments[0]):
        arguments = arguments[1:]  # DATEDIFF_BIG(day, a, b): the unit is no column
    for argument in arguments:
        yield from walk(builder, argument, stronger(kind, own))


def _dot(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    if isinstance(node.expression, exp.Func):  # schema.function(...)
        path = [part for part in node.flatten() if isinstance(part, exp.Identifier | exp.Parameter)]
        if not path:  # XMLAGG(...).EXTRACT(...)
            _columns_again(node.this)
            yield from walk(builder, node.this, stronger(kind, FlowKind.TRANSFORMATION))
            return
        yield from called(builder, path, node.expression, kind)
        yield from walk(builder, node.expression, kind)
        return
    yield from walk(builder, node.this, stronger(kind, FlowKind.TRANSFORMATION))  # a field of a struct


def _columns_again(node: exp.Expr) -> None:
    """Sqlglot makes columns chains of dots where a method is called on what holds them: in place, they are columns."""
    for dot in list(node.find_all(exp.Dot)):
        whole = list(dot.flatten())
        names = [part for part in whole if isinstance(part, exp.Identifier)]
        if not isinstance(dot.parent, exp.Dot) and len(names) == len(whole):
            dot.replace(exp.column(names[-1], *reversed(names[:-1])))


def called(builder: Builder, path: Sequence[exp.Expr], call: exp.Expr, kind: FlowKind) -> tuple[Ref, ...]:
    """`schema.function(...)` is recorded as a call; of T-SQL's `t.column.value(...)` the column is used."""
    *qualifier, column = path
    method = call.name in _METHODS or _SPATIAL_METHOD.match(call.name) is not None
    if builder.dialect.batches and method and column.name.lower() != builder.dialect.default_schema:
        if isinstance(column, exp.Parameter):
            return ()
        names = [builder.identifier(part) for part in qualifier]
        kind = stronger(kind, FlowKind.TRANSFORMATION)
        return (Ref(name=builder.identifier(column), qualifier=join_parts(names), kind=kind),)
    builder.calls.setdefault(join_parts([*map(builder.identifier, path), builder.identifier(unmarked(call.name))]))
    return ()


def _nothing(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    del builder, node, kind
    yield from ()


def _is_date_part(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and not node.table and node.name.lower() in _DATE_PARTS


_WALKERS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Walker], ...] = (
    (exp.Column, _column),
    (exp.Star, _star),
    ((exp.Subquery, exp.Select, exp.SetOperation), _subquery),
    (exp.Exists, conditions.exists),
    (exp.Case, conditions.case),
    ((exp.If, exp.Nvl2), conditions.if_else),
    (exp.DecodeCase, conditions.by_value),
    (exp.Window, _window),
    (exp.Filter, _filtered),
    (exp.Order, _order),
    (exp.WithinGroup, _within_group),
    ((exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue), _children),
    (exp.AggFunc, _aggregate),
    (exp.Lambda, _lambda),
    (exp.Comprehension, _comprehension),
    (exp.Anonymous, _unknown_function),
    (exp.Dot, _dot),
    (exp.Parameter, _parameter),
    ((exp.NextValueFor, exp.SessionParameter, exp.Placeholder, exp.DataType, exp.Literal), _nothing),
)
"""First match decides; what is not listed passes its kind on to its children as a transformation."""
