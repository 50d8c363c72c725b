"""CREATE VIEW, CREATE TABLE AS, and CREATE TABLE by LIKE or CLONE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, ObjectKind, Query
from lineage_core.sql.extract import query
from lineage_core.sql.extract.insert import target_of
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def create(builder: Builder, node: exp.Create) -> Parts | None:
    """A created relation that is filled by a query or modelled on another; None for every other CREATE."""
    if (node.kind or "").upper() not in {"VIEW", "TABLE", "MATERIALIZED VIEW", "MODEL"}:
        return None
    target, columns = target_of(builder, node.this)
    like = [builder.table(prop.this) for prop in node.find_all(exp.LikeProperty, exp.Clone)]
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
    temporary = (target,) if node.find(exp.TemporaryProperty, exp.VolatileProperty) else ()
    behind = [builder.table(prop.this) for prop in node.find_all(exp.ToTableProperty)]  # ClickHouse's CREATE ... TO t
    flows += tuple(flow.model_copy(update={"target": name}) for name in behind for flow in flows)
    return Parts(kind=object_kind(node).value, writes=(target, *behind), flows=flows, temporary=temporary)


def object_kind(node: exp.Create) -> ObjectKind:
    """Table, view or materialized view."""
    if (node.kind or "").upper() in {"TABLE", "MODEL"}:
        return ObjectKind.TABLE
    materialized = node.find(exp.MaterializedProperty) is not None or "MATERIALIZED" in (node.kind or "").upper()
    return ObjectKind.MATERIALIZED_VIEW if materialized else ObjectKind.VIEW
