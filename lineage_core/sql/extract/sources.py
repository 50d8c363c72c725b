"""FROM, JOIN and APPLY to Source facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lineage_core.model.facts import Output, Query, Ref, Source
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.extract import expression, query
from lineage_core.sql.extract.arrays import elements, passed_tables, side_by_side
from lineage_core.sql.extract.made_columns import made_columns
from lineage_core.sql.extract.match_rows import matched
from lineage_core.sql.extract.pivot import pivoted
from lineage_core.sql.hints import TABLE_HINTS
from lineage_core.sql.names import join_parts, normalise
from lineage_core.sql.own_functions import unmarked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.sql.extract.builder import Builder

_DUMMY_TABLES = frozenset({"dual", "sys.dual", "sysibm.sysdummy1"})
"""What a query without tables selects from, where there has to be a table."""

_READERS = frozenset(
    (
        "readparquet parquetscan readcsv readcsvauto readjson readjsonauto readndjson readfiles deltascan icebergscan "
        "s3 s3cluster gcs url file hdfs deltalake iceberg"
    ).split()
)
"""Functions of DuckDB, Databricks and ClickHouse that read a file, without underscores."""

_NAMING_TABLES = frozenset({"tablechanges", "gpdistrandom"})
"""Functions of Databricks and Greenplum over the rows of a table named in a string."""

_SEMI = frozenset({"SEMI", "ANTI"})

_OUTER = frozenset({"FULL", "RIGHT"})

Found = tuple[tuple[Source, ...], tuple[Ref, ...]]
"""Sources, and the references of their join conditions."""


def build(builder: Builder, node: exp.Expr) -> Found:
    """The sources of a SELECT, UPDATE, DELETE or of a parenthesised join, in order."""
    found: list[Source] = []
    refs: list[Ref] = []
    clause = node.args.get("from_")
    items = [clause.this] if clause is not None else []
    items += node.args.get("laterals") or []
    for item in items:
        _collect(builder, item, (), found, refs)
    if clause is not None and (match := node.args.get("match")) is not None:
        found[-1] = matched(builder, found[-1], match)
    collect_joins(builder, node, found, refs)
    return tuple(found), tuple(dict.fromkeys(refs))


def collect_joins(builder: Builder, node: exp.Expr, found: list[Source], refs: list[Ref]) -> None:
    """Add the sources and conditions of a node's `joins`."""
    for join in node.args.get("joins") or ():
        using = tuple(builder.identifier(name) for name in join.args.get("using") or ())
        first = len(found)
        _collect(builder, join.this, using, found, refs)
        if _SEMI & {join.kind, join.side}:
            found[first:] = [source.model_copy(update={"semi": True}) for source in found[first:]]
        update = {"natural": join.method == "NATURAL", "outer": join.side in _OUTER}
        if any(update.values()):
            found[first:] = [source.model_copy(update=update) for source in found[first:]]
        for name in ("match_condition", "on"):
            refs += expression.references(builder, join.args.get(name), FlowKind.JOIN)
        for item in join.expressions:  # further arrays of ClickHouse's ARRAY JOIN
            _collect(builder, item, (), found, refs)


def from_table(builder: Builder, node: exp.Expr) -> Found:
    """A single item of FROM with the joins that hang on it."""
    found: list[Source] = []
    refs: list[Ref] = []
    _collect(builder, node, (), found, refs)
    return tuple(found), tuple(dict.fromkeys(refs))


def dotted(builder: Builder, parts: Iterable[exp.Expr]) -> str:
    """Identifiers joined to a name."""
    return join_parts([builder.identifier(part) for part in parts])


def _collect(builder: Builder, node: exp.Expr, using: tuple[str, ...], found: list[Source], refs: list[Ref]) -> None:
    if isinstance(node, exp.Final):
        node = node.this
    if (array := elements(builder, node, found)) is not None:
        found.append(array)
    elif (
        isinstance(node, exp.Subquery | exp.Paren) and _holds_table(node) and not node.args.get("pivots")
    ):  # (a JOIN b ON ...) is no scope of its own
        inner = node.this
        if alias := node.args.get("alias"):
            inner = inner.copy()
            inner.set("alias", alias)
        _collect(builder, inner, using, found, refs)
    else:
        source = pivoted(builder, _source(builder, node), node.args.get("pivots") or ())
        found.append(source.model_copy(update={"using": using}) if using else source)
    collect_joins(builder, node, found, refs)
    for lateral in node.args.get("laterals") or ():
        _collect(builder, lateral, (), found, refs)


def _holds_table(node: exp.Expr) -> bool:
    while isinstance(node, exp.Subquery | exp.Paren):
        node = node.this
    return isinstance(node, exp.Table)


def _source(builder: Builder, node: exp.Expr) -> Source:
    alias, columns = _alias(builder, node)
    if isinstance(node, exp.Lateral):
        inner = node.this
        if isinstance(inner, exp.Subquery | exp.Select):
            return Source(alias=alias, columns=columns, query=query.build(builder, inner))
        return _function(builder, inner, alias, columns)
    if isinstance(node, exp.Table):
        return _table(builder, node, alias, columns)
    if isinstance(node, exp.Subquery | exp.Values | exp.Select | exp.SetOperation):
        return Source(alias=alias, columns=columns, query=query.build(builder, node))
    return _function(builder, node, alias, columns)


def _table(builder: Builder, node: exp.Table, alias: str, columns: tuple[str, ...]) -> Source:
    hinted = _hinted_name(builder, node)
    name = hinted or builder.table(node)
    if not name:
        return _function(builder, node, alias, columns)
    if name in builder.handed:
        return Source(alias=alias or name, columns=columns, query=builder.handed[name])
    if name in _DUMMY_TABLES:
        return Source(alias=alias or name, columns=columns)
    builder.read(name)
    return Source(alias=alias, table=name, columns=columns)


def _hinted_name(builder: Builder, node: exp.Table) -> str:
    """`dbo.t(NOLOCK)`, T-SQL's old way to give a hint, looks like a function call."""
    call = node.this
    if not isinstance(call, exp.Anonymous) or not call.expressions:
        return ""
    if not all(map(_is_hint, call.expressions)):
        return ""
    parts = [builder.identifier(part) for part in (node.args.get("catalog"), node.args.get("db")) if part is not None]
    return join_parts([*parts, builder.identifier(call.name)])


def _is_hint(node: exp.Expr) -> bool:
    """NOLOCK, INDEX = 1 or INDEX(1)."""
    node = node.this if isinstance(node, exp.EQ) else node
    return isinstance(node, exp.Column | exp.Anonymous) and node.name.upper() in TABLE_HINTS


def _function(builder: Builder, node: exp.Expr, alias: str, columns: tuple[str, ...]) -> Source:
    """A table function, UNNEST, PIVOT source and the like: its columns flow from its arguments.

    Those of a user's own function (one with a schema) do not: the arguments are parameters, which cut the flow.
    """
    if rows := node.args.get("rows_from"):  # ROWS FROM (f(a), g(b))
        return Source(
            alias=alias, columns=columns, refs=expression.references_of(builder, rows, FlowKind.TRANSFORMATION)
        )
    call = node.this if isinstance(node, exp.Table | exp.TableFromRows) else node
    if files := locations(builder, call):
        return _files(builder, files, alias, columns)
    path: list[exp.Expr | None] = []
    if isinstance(node, exp.Table):
        path = [node.args.get("catalog"), node.args.get("db")]
    if isinstance(call, exp.Dot):
        *names, call = call.flatten()
        path = [*names]
    if isinstance(call, exp.Anonymous) and call.name.upper() == "TABLE" and len(call.expressions) == 1:
        return _function(builder, call.expressions[0], alias, columns)  # TABLE(f(...))
    for special in (side_by_side, passed_tables):
        if (source := special(builder, call, alias, columns)) is not None:
            return source
    columns = columns or made_columns(builder, call, alias)
    named = [part for part in path if part is not None]
    refs = expression.references(builder, call, FlowKind.TRANSFORMATION)
    if named and isinstance(call, exp.Anonymous):  # a query among the arguments is a table, not a parameter
        rows = [ref for ref in refs if ref.query is not None]
        refs = (*expression.called(builder, named, call, FlowKind.TRANSFORMATION), *rows)
    own = isinstance(call, exp.Anonymous) and not (named and refs)
    name = join_parts([*map(builder.identifier, named), builder.identifier(unmarked(call.name))]) if own else ""
    return Source(alias=alias, function=name, columns=columns, refs=refs)


def _files(builder: Builder, locations: list[str], alias: str, columns: tuple[str, ...]) -> Source:
    """One file or table, or the rows of several."""
    for location in locations:
        builder.read(location)
    if len(locations) == 1:
        return Source(alias=alias, table=locations[0], columns=columns)
    each = [builder.add(Query(sources=(Source(table=item),), outputs=(Output(star=True),))) for item in locations]
    return Source(alias=alias, columns=columns, query=builder.add(Query(branches=tuple(each))))


def locations(builder: Builder, call: exp.Expr) -> list[str]:
    """The files that `read_parquet('file')` and its like read, as tables' names, or the table that a function names in
    a string; none for every other function.
    """
    first = call.args.get("this") if not isinstance(call, exp.Anonymous) else None
    first = first if isinstance(first, exp.Expr) else next(iter(call.expressions), None)
    listed = first.expressions if isinstance(first, exp.Array) else [first]
    strings = [item.name for item in listed if isinstance(item, exp.Literal) and item.is_string]
    name = call.name if isinstance(call, exp.Anonymous) else type(call).__name__
    name = name.lower().replace("_", "")
    if name in _NAMING_TABLES:
        return [normalise(string, builder.dialect) for string in strings]
    return [f"path:{string}" for string in strings] if name in _READERS else []


def _alias(builder: Builder, node: exp.Expr) -> tuple[str, tuple[str, ...]]:
    alias = node.args.get("alias")
    if alias is None:
        return "", ()
    if isinstance(alias, exp.TableAlias):
        offset = node.args.get("offset")  # WITH OFFSET, WITH ORDINALITY
        named = [*alias.columns, offset] if alias.columns and isinstance(offset, exp.Identifier) else alias.columns
        return builder.identifier(alias.this), tuple(map(builder.identifier, named))
    return builder.identifier(alias), ()
