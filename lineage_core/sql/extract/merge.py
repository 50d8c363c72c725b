"""MERGE: one flow for each WHEN branch that updates or inserts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Cte, Flow, Output, Query, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, insert, query, sources
from lineage_core.sql.extract.parts import Parts
from lineage_core.sql.extract.update import assignments, base_table, fields_to_columns, own_columns

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


def merge(builder: Builder, node: exp.Merge) -> Parts:
    """The branches see both the target and the USING source; ON and each branch's AND are influences."""
    with builder.cte_scope() as names:
        ctes = query.with_ctes(builder, node, names)
        using, joined = sources.from_table(builder, node.args["using"])
        own = Source(alias=builder.identifier(node.this.alias or None), table=builder.table(node.this))
        target, base_names = base_table(builder, ctes, own.table)
        refs = [*joined, *expression.references(builder, node.args.get("on"), FlowKind.JOIN)]
        flows: list[Flow] = []
        for when in node.args["whens"].expressions:
            refs += expression.references(builder, when.args.get("condition"), FlowKind.FILTER)
            flows += _branch(builder, when, target, (own, *using), ctes)
        deciding = builder.add(Query(sources=(own, *using), influences=tuple(dict.fromkeys(refs)), ctes=ctes))
        flows.append(Flow(target=target, query=deciding))
    flows = [flow.model_copy(update={"columns": tuple(base_names.get(c, c) for c in flow.columns)}) for flow in flows]
    return Parts(kind="merge", writes=(target,), flows=tuple(flows))


def _branch(
    builder: Builder, when: exp.When, target: str, both: tuple[Source, ...], ctes: tuple[Cte, ...]
) -> list[Flow]:
    """An INSERT sees the USING source only; nothing flows by a DELETE."""
    action = when.args.get("then")
    columns: tuple[str, ...]
    if isinstance(action, exp.Update) and [*map(type, action.expressions)] == [exp.Star]:  # UPDATE SET *
        columns, outputs = (), _whole_source(both)
    elif isinstance(action, exp.Update):
        fields_to_columns(builder, action.expressions, both)
        own_columns(builder, action, action.expressions, both[0])
        outputs = assignments(builder, action.expressions)
        columns = tuple(output.name for output in outputs)
    elif isinstance(action, exp.Insert):
        columns = _inserted_columns(builder, action)
        outputs = _inserted_values(builder, action, columns, both)
    else:
        return []
    seen = both[1:] if isinstance(action, exp.Insert) else both
    where = expression.references(builder, action.args.get("where"), FlowKind.FILTER)
    index = builder.add(Query(sources=seen, outputs=outputs, influences=where, ctes=ctes))
    by_name = isinstance(action, exp.Update) or (
        not isinstance(action.expression, exp.Expr) and _bare_values(action) is None
    )
    return [Flow(target=target, query=index, columns=columns, positional=not by_name and not columns, matched=by_name)]


def _whole_source(both: tuple[Source, ...]) -> tuple[Output, ...]:
    return tuple(Output(star=True, qualifier=source.alias or source.table) for source in both[1:2])


def _inserted_columns(builder: Builder, action: exp.Insert) -> tuple[str, ...]:
    listed = action.this
    if not isinstance(listed, exp.Tuple) or _bare_values(action) is not None:
        return ()
    return tuple(
        builder.identifier(column.this if isinstance(column, exp.Column) else column) for column in listed.expressions
    )


def _inserted_values(
    builder: Builder, action: exp.Insert, columns: tuple[str, ...], both: tuple[Source, ...]
) -> tuple[Output, ...]:
    values = action.expression
    if (bare := _bare_values(action)) is not None:
        return insert.values_row(builder, bare, ())
    if not isinstance(values, exp.Expr):  # BigQuery's INSERT ROW, Databricks' INSERT *
        return _whole_source(both)
    row = list(values.expressions) if isinstance(values, exp.Tuple) else [values]
    return insert.values_row(builder, row, columns)


def _bare_values(action: exp.Insert) -> list[exp.Expr] | None:
    """The values of `INSERT VALUES (a, b)` without a list of columns, which sqlglot takes for a call in that list."""
    only = (
        action.this.expressions[0] if isinstance(action.this, exp.Tuple) and len(action.this.expressions) == 1 else None
    )
    called = isinstance(only, exp.Anonymous) and only.name.upper() == "VALUES"
    return list(only.expressions) if called and only is not None else None
