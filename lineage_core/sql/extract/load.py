"""Statements that move whole relations: COPY, LOAD, UNLOAD, CACHE TABLE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Output, Query, Source
from lineage_core.sql.extract import query
from lineage_core.sql.extract.insert import target_of
from lineage_core.sql.extract.parts import Parts

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def copy(builder: Builder, node: exp.Copy) -> Parts:
    """`COPY INTO t FROM 'path'` and its reverse; a path is a source or target named `path:...`."""
    inner = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    others = node.args.get("files") or ()
    files = tuple(name for name in (_location(builder, item) for item in others) if name)
    loads = bool(node.args.get("kind"))
    if isinstance(inner, exp.Query):
        index = query.build(builder, inner)
        return Parts(kind="copy", writes=files, flows=tuple(Flow(target=name, query=index) for name in files))
    table, columns = target_of(builder, inner)
    if loads and (queries := [item for item in others if isinstance(item, exp.Query)]):
        indexes = [query.build(builder, item) for item in queries]
        flows = tuple(Flow(target=table, query=index, columns=columns, positional=True) for index in indexes)
        return Parts(kind="copy", writes=(table,), flows=flows)
    sources, targets = (files, (table,)) if loads else ((table,), files)
    flows = tuple(_everything(builder, source, target) for source in sources for target in targets)
    return Parts(kind="copy", reads=sources, writes=targets, flows=flows)


def cache(builder: Builder, node: exp.Cache) -> Parts:
    """Spark's CACHE TABLE t AS query names a query, as a temporary view does: it is read where t is."""
    if node.expression is None:
        return Parts(kind="cache")
    target = builder.table(node.this)
    flow = Flow(target=target, query=query.build(builder, node.expression))
    builder.reads.clear()
    return Parts(kind="view", flows=(flow,), temporary=(target,))


def _everything(builder: Builder, source: str, target: str) -> Flow:
    """All columns of one relation get to another."""
    return Flow(target=target, query=builder.add(Query(sources=(Source(table=source),), outputs=(Output(star=True),))))


def sent_to(parts: Parts, location: str) -> Parts:
    """A query whose rows go to a location."""
    flows = tuple(flow.model_copy(update={"target": location}) for flow in parts.flows)
    return replace(parts, kind="unload", writes=(location,), flows=flows)


def _location(builder: Builder, node: exp.Expr) -> str:
    if isinstance(node, exp.Literal):
        return f"path:{node.name}"
    return builder.table(node)
