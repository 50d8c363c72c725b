"""CREATE VIEW, CREATE TABLE AS, and CREATE TABLE by LIKE or CLONE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Query
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.extract import query
from lineage_core.sql.extract.insert import target_of
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.sql.extract.builder import Builder


def create(builder: Builder, node: exp.Create) -> Parts | None:
    """A created relation that is filled by a query or modelled on another; None for every other CREATE."""
    if (node.kind or "").upper() not in {"VIEW", "TABLE", "MATERIALIZED VIEW", "MODEL"}:
        return None
    target, columns = target_of(builder, node.this)
    head = list(_head(node))
    like = [builder.table(part.this) for part in head if isinstance(part, exp.LikeProperty | exp.Clone)]
    for name in like:
        builder.read(name)
    body = node.expression
    flows: tuple[Flow, ...] = ()
    if isinstance(body, exp.Query | exp.Values | exp.Paren | exp.Table):
        with builder.cte_scope() as names:
            ctes = query.with_ctes(builder, node, names)
            index = query.build(builder, body)
            if ctes:
                index = builder.add(Query(branches=(index,), ctes=ctes))
        flows = (Flow(target=target, query=index, columns=columns),)
    temporary = any(isinstance(part, exp.TemporaryProperty | exp.VolatileProperty) for part in head)
    behind = [builder.table(part.this) for part in head if isinstance(part, exp.ToTableProperty)]  # ClickHouse's TO t
    flows += tuple(flow.model_copy(update={"target": name}) for name in behind for flow in flows)
    return Parts(
        kind=_kind(node, head).value,
        writes=(target, *behind),
        flows=flows,
        temporary=(target,) if temporary else (),
    )


def _head(node: exp.Create) -> Iterator[exp.Expr]:
    """What stands around the query, without what the query holds."""
    return node.walk(prune=lambda part: part is node.expression)


def _kind(node: exp.Create, head: list[exp.Expr]) -> ObjectKind:
    """Table, view or materialized view."""
    if (node.kind or "").upper() in {"TABLE", "MODEL"}:
        return ObjectKind.TABLE
    materialized = any(isinstance(part, exp.MaterializedProperty) for part in head)
    materialized = materialized or "MATERIALIZED" in (node.kind or "").upper()
    return ObjectKind.MATERIALIZED_VIEW if materialized else ObjectKind.VIEW
