"""One statement's text to a Statement fact: parsed by sqlglot, read by the extractor its tree asks for."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lineage_core.model.facts import Query, Statement
from lineage_core.sql.change_inside import CHANGED_ROWS, take_change
from lineage_core.sql.create_head import plain_create
from lineage_core.sql.exports import take_export
from lineage_core.sql.extract.builder import Builder, is_local
from lineage_core.sql.extract.create import create
from lineage_core.sql.extract.delete import delete
from lineage_core.sql.extract.insert import insert, select
from lineage_core.sql.extract.load import cache, copy, sent_to
from lineage_core.sql.extract.merge import merge
from lineage_core.sql.extract.multi_insert import multi_insert
from lineage_core.sql.extract.partitions import moved_rows
from lineage_core.sql.extract.pivot_statement import pivot_statement
from lineage_core.sql.extract.returning import output_rows, returned_rows, with_outputs
from lineage_core.sql.extract.update import update
from lineage_core.sql.grammar import grammar
from lineage_core.sql.output_clause import take_output
from lineage_core.sql.rewrite import rewrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from lineage_core.model.facts import Cte
    from lineage_core.sql.dialects import Dialect
    from lineage_core.sql.extract.parts import Parts

_EXTRACTORS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[Builder, Any], Parts | None]], ...] = (
    (exp.Insert, insert),
    (exp.MultitableInserts, multi_insert),
    (exp.Update, update),
    (exp.Delete, delete),
    (exp.Merge, merge),
    (exp.Create, create),
    (exp.Copy, copy),
    (exp.Cache, cache),
    (exp.Pivot, pivot_statement),
    (exp.Select, moved_rows),
    ((exp.Query, exp.Values), select),
)


class NotUnderstoodError(Exception):
    """sqlglot has no tree for this statement, or one without an extractor; the text is the reason."""


def extract(text: str, dialect: Dialect, variables: AbstractSet[str] = frozenset()) -> Statement:
    """The facts of one statement (line numbers, owner and database are the caller's).

    Args:
        text: its code.
        dialect: for names and sqlglot.
        variables: names that mean no columns here.

    Raises:
        NotUnderstoodError: the statement cannot be parsed, with sqlglot's reason on one line.
    """
    text, change = take_change(text, dialect)
    text, outputs = take_output(text, dialect)
    export = take_export(text, dialect)
    tree = parse(text if export is None else export.query, dialect)
    builder = Builder(dialect, changed_rows)
    builder.variables = variables - names_of_sources(builder, tree) if variables else variables
    if change:
        builder.handed[CHANGED_ROWS] = _rows_of_change(builder, change)
    parts = parts_of(builder, tree)
    if parts is not None and export is not None:
        parts = sent_to(parts, f"path:{export.location}")
    if parts is None:
        raise NotUnderstoodError(f"no lineage is known for {type(tree).__name__.upper()}")
    try:
        return assemble(builder, with_outputs(builder, parts, outputs))
    except SqlglotError as error:
        raise NotUnderstoodError(_reason(error)) from error


def parts_of(builder: Builder, tree: exp.Expr) -> Parts | None:
    """What the construct's extractor says; None where there is none for it."""
    for node_type, extractor in _EXTRACTORS:
        if isinstance(tree, node_type) and (parts := extractor(builder, tree)) is not None:
            return parts
    return None


def names_of_sources(builder: Builder, tree: exp.Expr) -> set[str]:
    """The tables and aliases of a statement: before a dot these are no variables."""
    nodes = tree.find_all(exp.Table, exp.TableAlias)
    return {builder.identifier(node.this) for node in nodes if isinstance(node.this, exp.Identifier)}


def changed_rows(builder: Builder, node: exp.Expr, ctes: tuple[Cte, ...]) -> int | None:
    """An INSERT, UPDATE, DELETE or MERGE inside WITH: its parts go to the builder; RETURNING makes its query.

    Returns:
        The query's place; None for what is no such statement.
    """
    parts = parts_of(builder, node) if isinstance(node, exp.DML) else None
    if parts is None:
        return None
    flows = tuple(
        flow.model_copy(update={"query": builder.add(Query(branches=(flow.query,), ctes=ctes))}) if ctes else flow
        for flow in parts.flows
    )
    builder.parts.append(replace(parts, flows=flows))
    return returned_rows(builder, node, parts)


def _rows_of_change(builder: Builder, text: str) -> int:
    """The place of the query over what a change inside FROM puts out; its parts go to the builder."""
    text, outputs = take_output(text, builder.dialect)
    parts = parts_of(builder, parse(text, builder.dialect))
    if parts is None or not outputs:
        raise NotUnderstoodError("a change inside FROM without OUTPUT")
    builder.parts.append(parts)
    return output_rows(builder, outputs[0], parts)


def parse(text: str, dialect: Dialect) -> exp.Expr:
    """Sqlglot's tree of one statement.

    Raises:
        NotUnderstoodError: with the reason on one line.
    """
    text = rewrite(text, dialect)
    try:
        return _parsed(text, dialect)
    except NotUnderstoodError:
        plain = plain_create(text, dialect) if text[:6].upper().startswith(("CREATE", "ALTER")) else None
        if plain is None:
            raise
    return _parsed(plain, dialect)


def _parsed(text: str, dialect: Dialect) -> exp.Expr:
    try:
        trees = [tree for tree in grammar(dialect).parse(text) if tree is not None]
    except SqlglotError as error:
        raise NotUnderstoodError(_reason(error)) from error
    except RecursionError as error:
        raise NotUnderstoodError("nested too deeply") from error
    if len(trees) != 1 or isinstance(trees[0], exp.Command | exp.Alter):
        raise NotUnderstoodError("not a statement that sqlglot knows")
    return trees[0]


def assemble(builder: Builder, parts: Parts) -> Statement:
    """Put a construct's parts and the builder's findings together."""
    every = (*builder.parts, parts)
    targets = sum((Counter(each.targets) for each in every), Counter[str]())
    sources = [name for name, times in builder.reads.items() if times > targets[name]]
    reads = tuple(dict.fromkeys(name for name in (*sources, *parts.reads) if name))
    writes = tuple(dict.fromkeys(name for each in every for name in each.writes if name))
    flows = tuple(flow for each in every for flow in each.flows)
    queries = tuple(query for query in builder.queries if query is not None)
    constant = parts.kind == "insert" and not any(map(_says_something, queries))
    created = parts.kind in {"select_into", "table"}
    local = tuple(name for name in writes if created and is_local(name))
    return Statement(
        kind=parts.kind,
        reads=reads,
        writes=writes,
        drops=parts.drops,
        renames=parts.renames,
        calls=tuple(builder.calls),
        temporary=tuple(dict.fromkeys((*parts.temporary, *local))),
        creates=parts.creates,
        queries=() if constant else queries,
        flows=() if constant else flows,
    )


def _says_something(query: Query) -> bool:
    """Whether anything flows: rows of constants, of which data scripts hold thousands, are written and no more."""
    return bool(query.sources or query.influences or query.branches) or any(
        output.refs or output.star for output in query.outputs
    )


def without_outputs(statement: Statement) -> Statement:
    """A query whose rows fill variables or are thrown away: what it reads and what decides, without any column."""
    emptied = {flow.query for flow in statement.flows}
    for index in range(len(statement.queries)):
        if index in emptied:
            emptied |= set(statement.queries[index].branches)
    queries = tuple(
        query.model_copy(update={"outputs": ()}) if index in emptied else query
        for index, query in enumerate(statement.queries)
    )
    return statement.model_copy(update={"queries": queries})


_TOKEN = re.compile(r"<Token token_type: [^,]*, text: (.*?), line: .*>", re.DOTALL)
"""How sqlglot shows a token in a message."""


def _reason(error: SqlglotError) -> str:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    if first.get("description"):
        first = {**first, "description": _TOKEN.sub(r"'\1'", first["description"])}
    if not first.get("description"):
        return str(error).splitlines()[0][:300]
    return f"{first['description'].rstrip('.')} near {str(first.get('highlight', ''))[:60]!r}"
