"""Expressions that choose a value: what they choose flows, what they choose it by decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.model.facts import Ref
    from lineage_core.sql.extract.builder import Builder


def exists(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """EXISTS decides only."""
    _, inner = _kinds(kind)
    for child in node.iter_expressions():
        yield from expression.walk(builder, child, inner)


def case(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """CASE, with what it compares or without."""
    result, condition = (
        expression.stronger(kind, FlowKind.TRANSFORMATION),
        FlowKind.CONDITIONAL if kind.direct else kind,
    )
    if node.this is not None:
        yield from expression.walk(builder, node.this, condition)
    for branch in node.args.get("ifs") or ():
        yield from if_else(builder, branch, kind)
    if default := node.args.get("default"):
        yield from expression.walk(builder, default, result)


def if_else(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """IF, IIF, NVL2, and a branch of CASE."""
    result, condition = (
        expression.stronger(kind, FlowKind.TRANSFORMATION),
        FlowKind.CONDITIONAL if kind.direct else kind,
    )
    yield from expression.walk(builder, node.this, condition)
    for name in ("true", "false"):
        if branch := node.args.get(name):
            yield from expression.walk(builder, branch, result)


def by_value(builder: Builder, node: exp.Expr, kind: FlowKind) -> Iterator[Ref]:
    """`DECODE(a, 1, x, 2, y, z)`: a and what it is compared with decide; ClickHouse's multiIf has conditions alone."""
    compared, *rest = node.expressions if isinstance(node, exp.DecodeCase) else [None, *node.expressions]
    result, condition = (
        expression.stronger(kind, FlowKind.TRANSFORMATION),
        FlowKind.CONDITIONAL if kind.direct else kind,
    )
    if compared is not None:
        yield from expression.walk(builder, compared, condition)
    for place, item in enumerate(rest):
        last = place == len(rest) - 1
        yield from expression.walk(builder, item, result if place % 2 or last else condition)


def _kinds(kind: FlowKind) -> tuple[FlowKind, FlowKind]:
    """How what is chosen flows, and what it is chosen by."""
    return expression.stronger(kind, FlowKind.TRANSFORMATION), FlowKind.CONDITIONAL if kind.direct else kind
