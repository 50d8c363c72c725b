"""DELETE: the target is written; what it is joined with is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Flow, Query, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query, sources
from lineage_core.sql.extract.parts import Parts
from lineage_core.sql.extract.update import base_table, resolve_target

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def delete(builder: Builder, node: exp.Delete) -> Parts:
    """`DELETE FROM t`, `DELETE t, u FROM t JOIN u`, `DELETE FROM t USING u`: no column flows, but conditions decide."""
    with builder.cte_scope() as names:
        ctes = query.with_ctes(builder, node, names)
        tables = node.args.get("tables") or ()
        first = (
            node.this if isinstance(node.this, exp.Table | exp.Subquery) else next(iter(tables), None)
        )  # DELETE t WHERE ...
        found, refs = sources.from_table(builder, first) if first is not None else ((), ())
        using = node.args.get("using") or ()
        for item in using if isinstance(using, list) else ():
            more, more_refs = sources.from_table(builder, item)
            found, refs = (*found, *more), (*refs, *more_refs)
        tables = node.args.get("tables") or ()
        own = [Source(table=builder.table(table)) for table in tables] or list(found[:1])
        if not found:  # DELETE t WHERE ...
            found = tuple(own[:1])
        changed = [resolve_target([one], found, exposed=builder.dialect.batches)[0] for one in own]
        if not tables and changed[:1] != [own[0].table]:  # DELETE FROM b USING bills AS b
            found = found[1:]
        targets = tuple(dict.fromkeys(base_table(builder, ctes, name, found)[0] for name in changed))
        where = expression.references(builder, node.args.get("where"), FlowKind.FILTER)
        index = builder.add(Query(sources=found, influences=tuple(dict.fromkeys((*refs, *where))), ctes=ctes))
    again = sum((source.table, source.alias) == (own[0].table, own[0].alias) for source in found[1:]) if own else 0
    named = dict.fromkeys((*changed, *(source.table for source in own)), 1 + again)  # DELETE FROM t USING t JOIN u
    flows = tuple(Flow(target=target, query=index) for target in targets)
    return Parts(kind="delete", writes=targets, targets=named, flows=flows)
