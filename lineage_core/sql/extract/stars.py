"""`*` and DuckDB's COLUMNS(...) in a select list: which columns they take, leave out, rename and replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Output
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, sources

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder

_LIKE = (exp.Like, exp.ILike)


def is_star(item: exp.Expr) -> bool:
    """Whether a select item is `*`, `t.*`, `* LIKE 'a%'` or COLUMNS(...)."""
    if isinstance(item, exp.Not):
        return isinstance(item.this, _LIKE) and is_star(item.this)
    if isinstance(item, (*_LIKE, exp.Apply)):
        return is_star(item.this)
    return isinstance(item, exp.Star | exp.Columns) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def star(builder: Builder, item: exp.Expr) -> Output:
    """The columns that a star takes."""
    pattern, kind = _pattern(item), _applied(builder, item)
    while isinstance(item, exp.Not | exp.Columns | exp.Like | exp.ILike | exp.Apply):
        item = item.this
    part = item.this if isinstance(item, exp.Column) else item
    *qualifier, _ = item.parts if isinstance(item, exp.Column) else [part]
    left_out = [*(part.args.get("except_") or ()), *(item.args["alias"] for item in part.args.get("replace") or ())]
    renamed = part.args.get("rename") or ()
    return Output(
        star=True,
        qualifier=sources.dotted(builder, qualifier),
        excluded=tuple(builder.identifier(name) for name in left_out),
        renamed={builder.identifier(pair.this): builder.identifier(pair.args["alias"]) for pair in renamed},
        matching=pattern,
        kind=kind,
    )


def _applied(builder: Builder, item: exp.Expr) -> FlowKind:
    """What ClickHouse's `* APPLY(sum)` does to each column."""
    if not isinstance(item, exp.Apply):
        return FlowKind.IDENTITY
    call = exp.func(item.expression.name, exp.column("a"), dialect=builder.dialect.sqlglot)
    return next((ref.kind for ref in expression.references(builder, call)), FlowKind.TRANSFORMATION)


def replaced(item: exp.Expr) -> list[exp.Expr]:
    """The items of `* REPLACE (x AS a)`: a is no longer the star's."""
    part = item.this if isinstance(item, exp.Column | exp.Apply) else item
    return list(part.args.get("replace") or ())


def inside(builder: Builder, item: exp.Expr) -> Output | None:
    """`min(COLUMNS('a.*'))`: the columns, each through the expression around it; None for any other item."""
    columns = item.find(exp.Columns)
    if columns is None:
        return None
    copy = item.unalias().copy()
    for found in copy.find_all(exp.Columns):
        found.replace(exp.column("*"))
    refs = expression.references(builder, copy)
    kinds = [ref.kind for ref in refs if ref.name == "*"]
    return star(builder, columns).model_copy(update={"kind": kinds[0] if kinds else FlowKind.TRANSFORMATION})


def inverted(pattern: str) -> str:
    """The pattern that matches all other names."""
    return rf"\A(?!.*(?:{pattern}))" if pattern else ""


def _pattern(item: exp.Expr) -> str:
    """What the names have to match; empty for any."""
    if isinstance(item, exp.Not):
        return inverted(_pattern(item.this))
    if isinstance(item, _LIKE):
        pattern = _like(item.expression)
        return inverted(pattern) if item.args.get("negate") else pattern
    if isinstance(item, exp.Column):
        return _pattern(item.this)
    if isinstance(item, exp.Star):
        return _like(item.args.get("ilike"))
    chosen = item.this
    if isinstance(chosen, exp.Literal):  # COLUMNS('regular expression')
        return _valid(chosen.name)
    return _pattern(chosen.this) if isinstance(chosen, exp.Lambda) else _pattern(chosen)


def _like(pattern: object) -> str:
    """LIKE's pattern as a regular expression."""
    if not isinstance(pattern, exp.Literal):
        return ""
    parts = {"%": ".*", "_": "."}
    return rf"\A{''.join(parts.get(char) or re.escape(char) for char in pattern.name)}\Z"


def _valid(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        return ""
    return pattern
