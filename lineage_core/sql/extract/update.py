"""UPDATE ... SET ... FROM, and MySQL's UPDATE ... JOIN ... SET."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Cte, Flow, Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query, sources
from lineage_core.sql.extract.parts import Parts
from lineage_core.sql.names import split_normalised

if TYPE_CHECKING:
    from lineage_core.sql.extract.builder import Builder


_CHANGES_ANY = frozenset({"mysql", "doris", "starrocks"})


def update(builder: Builder, node: exp.Update) -> Parts:
    """Each assignment is an output of a query over the target and the FROM list, named by the column it sets."""
    with builder.cte_scope() as names:
        ctes = query.with_ctes(builder, node, names)
        own: list[Source] = []
        refs: list[Ref] = []
        if isinstance(node.this, exp.Table):
            own[:], refs[:] = sources.from_table(builder, node.this)
        found, join_refs = sources.build(builder, node)
        changed, listed = resolve_target(own[:1], found, exposed=builder.dialect.batches)
        everything = found if listed else (*own, *found)
        target, base_names = base_table(builder, ctes, changed, everything)
        refs += [*join_refs, *expression.references(builder, node.args.get("where"), FlowKind.FILTER)]
        fields_to_columns(builder, node.expressions, everything)
        changing = next((source for source in everything if source.table == changed), None)
        if changing is not None and len(everything) > 1:
            own_columns(builder, node, node.expressions, changing)
        groups = _by_table(builder, node.expressions, everything, changed)
        flows = []
        for name, items in groups.items():
            outputs = assignments(builder, items)
            index = builder.add(
                Query(sources=everything, outputs=outputs, influences=tuple(dict.fromkeys(refs)), ctes=ctes)
            )
            columns = tuple(base_names.get(item.name, item.name) for item in outputs)
            flows.append(Flow(target=target if name == changed else name, query=index, columns=columns))
    targets = Counter(dict.fromkeys(groups, 1))
    targets.update(source.table for source in own[:1] if listed)  # UPDATE x SET ... FROM t x: x is named, not read
    writes = tuple(flow.target for flow in flows)
    return Parts(kind="update", writes=writes, targets=dict(targets), flows=tuple(flows))


def _by_table(
    builder: Builder, items: list[exp.Expr], found: tuple[Source, ...], changed: str
) -> dict[str, list[exp.Expr]]:
    """The assignments by the table whose column they set: MySQL may change several that it joins."""
    if builder.dialect.sqlglot not in _CHANGES_ANY:
        return {changed: items}
    known = {name: source.table for source in found if source.table for name in (source.alias, source.table) if name}
    groups: dict[str, list[exp.Expr]] = {}
    for item in items:
        qualifier = builder.identifier(item.this.args.get("table")) if isinstance(item.this, exp.Column) else ""
        groups.setdefault(known.get(qualifier, changed), []).append(item)
    return groups or {changed: items}


def resolve_target(own: list[Source], found: tuple[Source, ...], *, exposed: bool) -> tuple[str, bool]:
    """The table that `UPDATE x ... FROM` or `DELETE x FROM` changes: x may be an alias of the FROM list.

    Args:
        own: the target as written.
        found: the FROM list.
        exposed: x may also be a table there that has an alias, or the last part of a name, as T-SQL has it; elsewhere
            the same table under an alias is another source.

    Returns:
        The table's name, and whether it stands in the FROM list.
    """
    if not own:
        return "", False
    name = own[0].table
    for source in found:
        if source.alias == name and source.table:
            return source.table, True
        if exposed and source.alias == name and source.query is not None:  # a derived table
            return name, True
    for source in found:
        if source.table == name and not own[0].alias and (exposed or not source.alias):
            return name, True
    for source in found if exposed and not own[0].alias else ():
        if source.table.endswith(f".{name}") and not source.alias:
            return source.table, True
    return name, False


def base_table(
    builder: Builder, ctes: tuple[Cte, ...], name: str, found: tuple[Source, ...] = ()
) -> tuple[str, dict[str, str]]:
    """The table that is changed through a CTE or a derived table of T-SQL's (`WITH c AS (...) UPDATE c`,
    `UPDATE c SET a = 1 FROM (...) c`), any other name as it is.

    Args:
        builder: the statement's.
        ctes: of the statement.
        name: the target as written.
        found: the FROM list.

    Returns:
        The table, and how the CTE's columns are called there where that differs.
    """
    columns: dict[str, str] = {}
    known = {cte.name: cte.query for cte in ctes}
    known |= {source.alias: source.query for source in found if source.query is not None and source.alias}
    while name in known:
        query = builder.queries[known.pop(name)]
        source = next((item for item in query.sources if item.table), None) if query is not None else None
        if query is None or source is None:
            return "", {}
        below = {item.name: item.refs[0].name for item in query.outputs if len(item.refs) == 1 and item.refs[0].name}
        columns = {above: below.get(own, own) for above, own in columns.items()} if columns else below
        name = source.table
    return name, columns


def assignments(builder: Builder, items: list[exp.Expr]) -> tuple[Output, ...]:
    """`SET a = x, t.b = y` as outputs named a and b; assignments to variables flow nowhere and are left out.

    `SET (a, b) = (SELECT x, y ...)` gives one output a column.
    """
    outputs: list[Output] = []
    for item in items:
        if not isinstance(item, exp.EQ | exp.PropertyEQ):
            continue
        left, right = item.this, item.expression
        if isinstance(left, exp.Parameter) and isinstance(right, exp.EQ):  # SET @v = column = expression
            left, right = right.this, right.expression
        if isinstance(left, exp.Tuple | exp.Paren) and isinstance(right, exp.Tuple):
            outputs += [_assigned(builder, *pair) for pair in zip(left.expressions, right.expressions, strict=False)]
        elif isinstance(left, exp.Tuple):
            outputs += _from_subquery(builder, left, right)
        elif not isinstance(left, exp.Parameter):
            outputs.append(_assigned(builder, left, right))
    return tuple(outputs)


def own_columns(builder: Builder, change: exp.Expr, items: list[exp.Expr], own: Source) -> None:
    """Say of a column that is set that it is the target's where its new value uses it: in place.

    It could be no other's, since the target is known to have it.
    """
    known = {"", own.alias, own.table, own.table.rpartition(".")[2]}
    left = [item.this for item in items if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column)]
    names = {
        builder.identifier(column.this) for column in left if builder.identifier(column.args.get("table")) in known
    }
    path = [exp.to_identifier(part, quoted=True) for part in split_normalised(own.alias or own.table)]
    for column in [column for item in items for column in item.args["expression"].find_all(exp.Column)]:
        name = builder.identifier(column.this)
        bare = not column.table and name in names and name not in builder.variables
        if bare and column.find_ancestor(exp.Select, type(change)) is change:
            column.replace(exp.column(column.this, *reversed(path)))


def fields_to_columns(builder: Builder, items: list[exp.Expr], found: tuple[Source, ...]) -> None:
    """Make `SET address.city = x`, where no source is called address, set the column address: in place."""
    if builder.dialect.batches:  # T-SQL has no such fields, but qualifiers of three parts
        return
    names = {name for source in found for name in (source.alias, source.table, source.table.rpartition(".")[2]) if name}
    for column in [item.this for item in items if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column)]:
        parts = column.parts
        qualifiers = [".".join(map(builder.identifier, parts[:length])) for length in range(1, len(parts))]
        known = max((place + 1 for place, name in enumerate(qualifiers) if name in names), default=0)
        if names and len(parts) > known + 1:
            column.replace(exp.Column(this=parts[known].copy()))


def _from_subquery(builder: Builder, columns: exp.Expr, value: exp.Expr) -> list[Output]:
    """`(a, b) = (SELECT x, y ...)`: each column from the output at its place."""
    refs = expression.references(builder, value)
    whole = builder.queries[refs[0].query] if len(refs) == 1 and refs[0].query is not None else None
    outputs = []
    for position, column in enumerate(columns.expressions):
        output = _assigned(builder, column, exp.Null())
        if whole is not None and len(whole.outputs) == len(columns.expressions):
            one = whole.model_copy(update={"outputs": (whole.outputs[position],)})
            refs = (Ref(query=builder.add(one)),)
        outputs.append(output.model_copy(update={"refs": refs, "expression": builder.text(value)}))
    return outputs


def _assigned(builder: Builder, column: exp.Expr, value: exp.Expr) -> Output:
    if isinstance(column, exp.Bracket | exp.Dot):  # a[1] = x, and the field of a field, change a
        column = column.find(exp.Column) or column
    name = builder.identifier(column.this if isinstance(column, exp.Column) else column)
    refs = expression.references(builder, value)
    return Output(name=name, refs=refs, expression="" if isinstance(value, exp.Column) else builder.text(value))
