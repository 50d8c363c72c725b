"""SELECT and set operations to Query facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Cte, Output, Query, Ref
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, pivot_statement, sources, stars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.sql.extract.builder import Builder

_CLAUSES = (
    ("prewhere", FlowKind.FILTER),
    ("where", FlowKind.FILTER),
    ("having", FlowKind.FILTER),
    ("qualify", FlowKind.FILTER),
    ("connect", FlowKind.FILTER),
    ("group", FlowKind.GROUP_BY),
    ("order", FlowKind.SORT),
    ("sort", FlowKind.SORT),
    ("cluster", FlowKind.SORT),
    ("distribute", FlowKind.SORT),
)

_SEES_ALIASES = {True: frozenset({"having", "qualify"}), False: frozenset({"qualify"})}
"""Clauses in which a name may mean an alias of the select list, by whether HAVING is one of them."""

_BY_POSITION = frozenset({FlowKind.GROUP_BY, FlowKind.SORT})


def build(builder: Builder, node: exp.Expr) -> int:
    """Add a query and all that it holds to the builder; returns its place in `Statement.queries`."""
    while isinstance(node, exp.Subquery | exp.Paren) and not node.args.get("with_"):
        node = node.this
    index = builder.reserve()
    with builder.cte_scope() as names:
        ctes = _ctes(builder, node, names)
        if isinstance(node, exp.Subquery):
            inner = build(builder, node.this)
            return builder.fill(index, Query(branches=(inner,), ctes=ctes))
        if isinstance(node, exp.SetOperation):
            branches = tuple(build(builder, branch) for branch in _flatten(node))
            by_name = bool(node.args.get("by_name"))
            influences = _influences(builder, node)
            return builder.fill(index, Query(branches=branches, by_name=by_name, influences=influences, ctes=ctes))
        if isinstance(node, exp.Pivot):
            return builder.fill(index, pivot_statement.turned(builder, node, ctes))
        if isinstance(node, exp.Values):
            return builder.fill(index, Query(outputs=_values(builder, node), ctes=ctes))
        if isinstance(node, exp.Table):
            found, refs = sources.from_table(builder, node)
            every = (Output(star=True),)
            return builder.fill(index, Query(sources=found, outputs=every, influences=refs, ctes=ctes))
        return builder.fill(index, _select(builder, node, ctes))


def with_ctes(builder: Builder, node: exp.Expr, names: set[str]) -> tuple[Cte, ...]:
    """The CTEs in front of any statement; their names are added to `names` as they come into sight."""
    return _ctes(builder, node, names)


def _select(builder: Builder, node: exp.Expr, ctes: tuple[Cte, ...]) -> Query:
    found, join_refs = sources.build(builder, node)
    listed = tuple(output for item in node.expressions for output in outputs(builder, item))
    return Query(
        sources=found,
        outputs=listed,
        influences=tuple(dict.fromkeys((*join_refs, *_influences(builder, node, listed)))),
        ctes=ctes,
        lateral_aliases=builder.dialect.lateral_aliases,
        compared=tuple(_compared(builder, node)),
    )


def _compared(builder: Builder, node: exp.Expr) -> Iterator[tuple[str, str]]:
    """The pairs of bare columns that a subquery's WHERE says are equal: one of them may be the outer query's."""
    where = node.args.get("where")
    if where is None or node.find_ancestor(exp.Select, exp.DML) is None:
        return
    for item in where.walk(prune=lambda inner: isinstance(inner, exp.Query)):
        sides = [item.this, item.expression] if isinstance(item, exp.EQ) else []
        if sides and all(isinstance(side, exp.Column) and not side.table for side in sides):
            yield builder.identifier(sides[0].this), builder.identifier(sides[1].this)


def _influences(builder: Builder, node: exp.Expr, listed: tuple[Output, ...] = ()) -> tuple[Ref, ...]:
    """What filters, groups and sorts; `GROUP BY 1` and `ORDER BY 2` mean the select list's items."""
    refs: list[Ref] = []
    for name, kind in _CLAUSES:
        clause = node.args.get(name)
        found = expression.references(builder, clause, kind)
        refs += _aliased(found, listed) if name in _SEES_ALIASES[builder.dialect.aliases_in_having] else found
        for position in _positions(clause) if kind in _BY_POSITION else ():
            if position <= len(listed) and not any(output.star for output in listed[:position]):
                refs += [ref.model_copy(update={"kind": kind}) for ref in listed[position - 1].refs]
    distinct = node.args.get("distinct")
    if isinstance(distinct, exp.Distinct):
        refs += expression.references(builder, distinct.args.get("on"), FlowKind.GROUP_BY)
    return tuple(dict.fromkeys(refs))


def _aliased(refs: tuple[Ref, ...], listed: tuple[Output, ...]) -> Iterator[Ref]:
    """References with those to an expression of the select list replaced by what it uses."""
    named = {output.name: output for output in listed if output.expression and output.name}
    for ref in refs:
        if ref.qualifier or ref.name not in named:
            yield ref
        else:
            yield from (inner.model_copy(update={"kind": ref.kind}) for inner in named[ref.name].refs)


def _positions(clause: exp.Expr | None) -> list[int]:
    """The whole numbers among the items of GROUP BY or ORDER BY."""
    items = clause.expressions if clause is not None else []
    plain = [item.this if isinstance(item, exp.Ordered) else item for item in items]
    return [int(item.this) for item in plain if isinstance(item, exp.Literal) and item.is_int and int(item.this) > 0]


def _flatten(node: exp.Expr) -> list[exp.Expr]:
    """The branches of a set operation, left to right; parenthesised branches with clauses of their own stay whole."""
    branches: list[exp.Expr] = []
    while isinstance(node, exp.SetOperation):
        branches.append(node.expression)
        node = node.this
        if isinstance(node, exp.SetOperation) and node.args.get("with_"):
            break
    return [node, *reversed(branches)]


def _ctes(builder: Builder, node: exp.Expr, names: set[str]) -> tuple[Cte, ...]:
    clause = node.args.get("with_")
    if clause is None:
        return ()
    recursive = clause.recursive or builder.dialect.implicit_recursion
    ctes: list[Cte] = []
    for item in clause.expressions:
        alias = item.args["alias"]
        name = builder.identifier(alias.this)
        if item.args.get("scalar"):
            builder.scalars[name] = item.this
            continue
        if recursive:
            names.add(name)
        changed = builder.changed_rows(item.this, tuple(ctes))
        index = changed if changed is not None else build(builder, item.this)
        names.add(name)
        columns = tuple(builder.identifier(column) for column in alias.columns)
        ctes.append(Cte(name=name, query=index, recursive=bool(recursive), columns=columns))
    return tuple(ctes)


def _values(builder: Builder, node: exp.Values) -> tuple[Output, ...]:
    rows = [list(row.expressions) if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    width = max(map(len, rows), default=0)
    alias = node.args.get("alias")
    names = [builder.identifier(column) for column in alias.columns] if alias else []
    return tuple(
        Output(
            name=names[position] if position < len(names) else "",
            refs=expression.references_of(
                builder, (row[position] for row in rows if position < len(row)), FlowKind.IDENTITY
            ),
        )
        for position in range(width)
    )


def outputs(builder: Builder, item: exp.Expr) -> tuple[Output, ...]:
    """The outputs of one item of a select list: one as a rule, none for the assignment of a variable."""
    if stars.is_star(item):
        return (stars.star(builder, item), *(single(builder, part) for part in stars.replaced(item)))
    if isinstance(item, exp.EQ) and isinstance(item.this, exp.Parameter):
        return ()  # SELECT @variable = ...: a variable cuts the flow
    if builder.dialect.batches and isinstance(item, exp.EQ) and isinstance(item.this, exp.Literal):
        item = exp.alias_(item.expression, item.this.name, quoted=True)  # SELECT 'name' = ...
    if isinstance(item, exp.Aliases):
        refs = expression.references(builder, item.this, FlowKind.TRANSFORMATION)
        return tuple(Output(name=builder.identifier(alias), refs=refs) for alias in item.aliases)
    if isinstance(item, exp.QueryTransform):
        refs = expression.references_of(builder, item.expressions, FlowKind.TRANSFORMATION)
        named = item.args["schema"].expressions if item.args.get("schema") else ()
        return tuple(Output(name=builder.identifier(column.this), refs=refs) for column in named)
    return (stars.inside(builder, item) or single(builder, item),)


def single(builder: Builder, item: exp.Expr) -> Output:
    """One item of a select list that is no star."""
    inner = item.unalias()
    if isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Star):  # the fields of what is computed
        return Output(name="*", refs=expression.references(builder, inner.this))
    text = "" if isinstance(inner, exp.Column) else builder.text(inner)
    name = (
        builder.identifier(item.args["alias"]) if isinstance(item, exp.Alias) else _implied_name(builder, inner, text)
    )
    written = item.alias_or_name
    return Output(
        name=name,
        display=written if written.lower() == name.lower() != written else "",
        refs=expression.references(builder, inner),
        expression=text,
    )


def _implied_name(builder: Builder, node: exp.Expr, text: str) -> str:
    """What an item without alias is called; `text` is its SQL."""
    if isinstance(node, exp.Column):
        return builder.identifier(node.this)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return builder.identifier(node.expression)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Column):
        by_colons = "format" not in node.args  # only CAST(...) has such an argument
        if by_colons or builder.dialect.casts_keep_names:
            return builder.identifier(node.this.this)
    return text.lower()
