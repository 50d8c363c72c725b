"""One statement's facts plus known columns to column flows: stars, unqualified columns, CTEs and subqueries
resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from lineage_core.link.below import PSEUDO_TABLES, TRIGGER_ROWS, tables_below
from lineage_core.link.relation import STAR, Origin, OutColumn, Relation, distinct, union
from lineage_core.link.scope import Scope
from lineage_core.model.facts import Cte, Flow, Query, Ref, Source, Statement
from lineage_core.model.kinds import FlowKind  # noqa: TC001 - pydantic asks for it, as a part of the catalog

ColumnsOf = Callable[[str], Sequence[str] | None]
"""Name of a table as written -> its columns in order, or None where they are not known."""


class ColumnFlow(NamedTuple):
    """One column reaching another. `source_asset` None: it cannot be known which table's column it is.

    `target_asset` None: the statement is a bare query. `expression` is the SQL that makes the target's value.
    """

    source_asset: str | None
    source_column: str
    target_asset: str | None
    target_column: str
    kind: FlowKind
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a routine hands on to its caller.

    `columns` and `bases` are those of the rows it returns, as of a Relation, `deciding` what filters, joins, groups and
    sorts them. `moves` are the flows into and out of temp tables that the caller lends it.
    """

    columns: tuple[OutColumn, ...] = ()
    bases: tuple[str, ...] = ()
    deciding: tuple[Origin, ...] = ()
    moves: tuple[ColumnFlow, ...] = ()


HandedOf = Callable[[str], Handed | None]
"""Name of a routine as written -> what it hands on, or None where it is not known."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of tables: all of them, and those that an INSERT without a column list fills; and what routines hand
    on.

    T-SQL's identity and computed columns are not among the latter.
    """

    of: ColumnsOf
    filled_of: ColumnsOf
    handed: HandedOf = lambda _: None


UNKNOWN = Columns(lambda _: None, lambda _: None)

Named = Callable[[], Relation]
"""A CTE: its relation, found when asked for."""

_ROUNDS = 8
"""A recursive CTE's columns mix for as many rounds at most."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A statement's flows: `columns` carry values, `influences` decide which. `shapes`: columns of each flow's
    target. `sources`: the tables below each flow's target.
    """

    columns: tuple[ColumnFlow, ...] = ()
    influences: tuple[ColumnFlow, ...] = ()
    shapes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sources: tuple[tuple[str, tuple[str, ...]], ...] = ()


def resolve(statement: Statement, known: Columns, trigger_table: str = "") -> Resolved:
    """The statement's column flows.

    Args:
        statement: facts; temp tables are tables here, to be collapsed over the script afterwards.
        known: the catalog.
        trigger_table: what `inserted`, `deleted`, NEW and OLD stand for.
    """
    columns: dict[ColumnFlow, None] = {}
    influences: dict[ColumnFlow, None] = {}
    shapes, sources = [], []
    for flow in statement.flows:
        resolver = Resolver(statement.queries, known.of, trigger_table, known.handed)
        relation = resolver.query(flow.query)
        names = [name or STAR for name in target_columns(flow, relation, known.filled_of)]
        listed = known.of(flow.target) if flow.matched else None
        for name, column in zip(names, relation.columns, strict=False):
            if listed and name not in {*listed, STAR}:
                continue
            for origin in column.origins:
                item = _flow_item(origin, flow.target, name, column.expression)
                (columns if origin.kind.direct else influences).setdefault(item)
        for origin in resolver.deciding:
            influences.setdefault(_flow_item(origin, flow.target, STAR, ""))
        if relation.columns:
            shapes.append((flow.target, tuple(names)))
        below = tables_below(statement.queries, flow.query, trigger_table)
        sources.append((flow.target, tuple(dict.fromkeys((*below, *resolver.behind)))))
    return Resolved(tuple(columns), tuple(influences), tuple(shapes), tuple(sources))


def target_columns(flow: Flow, relation: Relation, filled_of: ColumnsOf) -> list[str]:
    """Names of the target's columns, one for each column of the relation, `*` where only the whole can be said.

    An INSERT with fewer values than the table has columns fills the first ones.
    """
    names = [column.name for column in relation.columns]
    if flow.columns:
        if not relation.open:
            return [*flow.columns[: len(names)]]
        return [STAR if name == STAR else name for name in names]
    if flow.positional and not relation.open:
        filled = filled_of(flow.target)
        if filled is not None and len(filled) >= len(names):
            return list(filled[: len(names)])
    return names


class Resolver:
    """Resolves the queries of one flow; `deciding` collects what filters, joins, groups and sorts on the way, `behind`
    the tables behind functions.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        columns_of: ColumnsOf,
        trigger_table: str = "",
        handed: HandedOf = UNKNOWN.handed,
    ) -> None:
        self._queries = queries
        self._columns_of = columns_of
        self._trigger_table = trigger_table
        self._handed = handed
        self.deciding: dict[Origin, None] = {}
        self.behind: dict[str, None] = {}

    def query(self, index: int, parent: Scope | None = None, ctes: Mapping[str, Named] | None = None) -> Relation:
        """The relation that `queries[index]` gives."""
        query = self._queries[index]
        in_sight = {**(ctes or {}), **self._with(query.ctes, parent, dict(ctes or {}))} if query.ctes else ctes or {}
        if query.branches:
            branches = [self.query(branch, parent, in_sight) for branch in query.branches]
            whole = union(branches, by_name=query.by_name)
            scope = Scope(parent, [(Source(), whole)])
        else:
            scope = self._scope(query, parent, in_sight)
            whole = self._select(query, scope, in_sight)
        for ref in query.influences:
            self.deciding |= dict.fromkeys(o for o in self._origins(ref, scope, in_sight) if o.asset)
        return whole

    def _with(self, ctes: Sequence[Cte], parent: Scope | None, in_sight: dict[str, Named]) -> dict[str, Named]:
        """CTEs by name; each sees those before it.

        They are resolved in order, so that a chain of hundreds is not as many calls deep. What decides in one that
        nobody uses decides nothing.
        """
        own: dict[str, Named] = {}
        for cte in ctes:
            outer = self.deciding, self.behind
            self.deciding, self.behind = {}, {}
            relation = self._cte(cte, parent, in_sight | own)
            own[cte.name] = partial(self._used, relation, self.deciding, self.behind)
            self.deciding, self.behind = outer
        return own

    def _used(self, relation: Relation, deciding: Mapping[Origin, None], behind: Mapping[str, None]) -> Relation:
        self.deciding |= deciding
        self.behind |= behind
        return relation

    def _cte(self, cte: Cte, parent: Scope | None, in_sight: dict[str, Named]) -> Relation:
        query = self._queries[cte.query]
        if not (cte.recursive and query.branches):
            return self.query(cte.query, parent, in_sight).renamed(cte.columns)
        # the anchor says what the recursive branch reads, until another round adds nothing
        found = self.query(query.branches[0], parent, in_sight).renamed(cte.columns)
        for _ in range(_ROUNDS):
            known, found = found, self.query(cte.query, parent, {**in_sight, cte.name: partial(_same, found)})
            found = found.renamed(cte.columns)
            if known == found:
                break
        return found

    def _scope(self, query: Query, parent: Scope | None, ctes: Mapping[str, Named]) -> Scope:
        both = (*query.compared, *((right, left) for left, right in query.compared))
        scope = Scope(parent, lateral=query.lateral_aliases, compared=dict(both))
        for source in query.sources:
            relation = self._source(source, scope, ctes)
            scope.sources.append((source, relation.renamed(source.columns, partly=not source.alias)))
        return scope

    def _source(self, source: Source, scope: Scope, ctes: Mapping[str, Named]) -> Relation:
        if source.query is not None:
            return self.query(source.query, scope, ctes)
        if source.function and (handed := self._handed(source.function)) is not None and handed.columns:
            self.deciding |= dict.fromkeys(handed.deciding)
            self.behind |= dict.fromkeys(handed.bases)
            return Relation(handed.columns, handed.bases)
        if not source.table:
            origins = distinct(origin for ref in source.refs for origin in self._origins(ref, scope, ctes))
            return Relation(anything=origins)
        if source.table in ctes:
            return ctes[source.table]()
        if source.table in PSEUDO_TABLES and self._trigger_table:
            return Relation.of_table(self._trigger_table, self._columns_of(self._trigger_table))
        if source.table in PSEUDO_TABLES:  # of several triggers, or of none that is known
            return Relation((OutColumn(STAR, (Origin(None, STAR),)),))
        return Relation.of_table(source.table, self._columns_of(source.table))

    def _select(self, query: Query, scope: Scope, ctes: Mapping[str, Named]) -> Relation:
        columns: list[OutColumn] = []
        for output in query.outputs:
            if output.star:
                columns += self._trigger_star(output.qualifier, scope) or scope.star(output)
                continue
            origins = distinct(origin for ref in output.refs for origin in self._origins(ref, scope, ctes))
            columns.append(OutColumn(output.name, origins, output.expression))
            scope.aliases.setdefault(output.name, origins)
        bases = tuple(dict.fromkeys(base for _, relation in scope.sources for base in relation.bases))
        return Relation(tuple(columns), bases)

    def _trigger_star(self, qualifier: str, scope: Scope) -> tuple[OutColumn, ...]:
        """The columns of `NEW.*` in a trigger; none where a source is called so."""
        if qualifier not in PSEUDO_TABLES or not self._trigger_table or scope.calls(qualifier):
            return ()
        return Relation.of_table(self._trigger_table, self._columns_of(self._trigger_table)).columns

    def _origins(self, ref: Ref, scope: Scope, ctes: Mapping[str, Named]) -> tuple[Origin, ...]:
        if ref.query is not None:
            inner = self.query(ref.query, scope, ctes)
            return distinct(origin.through(ref.kind) for column in inner.columns for origin in column.origins)
        if ref.qualifier in PSEUDO_TABLES and scope.qualified(ref.qualifier, ref.name) is None:
            return (Origin(self._trigger_table or None, ref.name, ref.kind),)
        if not ref.qualifier and ref.name in TRIGGER_ROWS and self._trigger_table and not scope.has_sources:
            return (Origin(self._trigger_table, STAR, ref.kind),)  # to_jsonb(NEW)
        origins = scope.aliased(ref.name, ref.kind) if not ref.qualifier else None
        found = origins if origins is not None else scope.find(ref.qualifier, ref.name)
        return distinct(origin.through(ref.kind) for origin in found)


def _same(relation: Relation) -> Relation:
    return relation


def _flow_item(origin: Origin, target: str, column: str, expression: str) -> ColumnFlow:
    return ColumnFlow(origin.asset, origin.column, target or None, column, origin.kind, expression)
