"""One file's facts plus the catalog to its graph rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.link.catalog import Asset, Catalog, Key, from_text
from lineage_core.link.graph_file import GraphFile, Node, digest_of
from lineage_core.link.lookup import Lookup
from lineage_core.link.models import with_models
from lineage_core.link.parts import PARTS, part_key
from lineage_core.link.resolve import Columns
from lineage_core.link.routines import session_of
from lineage_core.link.session import Collapsed, Session
from lineage_core.model.files import FileStatus
from lineage_core.model.kinds import RELATIONS, ROUTINES, FlowKind, ObjectKind
from lineage_core.model.rows import FileRows
from lineage_core.model.schema import RelType
from lineage_core.sql.names import join_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.link.naming import Naming
    from lineage_core.link.resolve import ColumnFlow, Handed
    from lineage_core.model.facts import FileFacts, ObjectFact, Statement


DEGRADED = 0.5
"""Confidence of what was read from a statement's tokens because it could not be parsed."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is known of a file besides its facts; `properties` are those of the File node."""

    path: str
    status: FileStatus
    properties: dict[str, object]


def link_file(info: FileInfo, facts: FileFacts | None, catalog: Catalog, naming: Naming, project: str) -> FileRows:
    """The rows of one file; a file that could not be read at all (`facts` None) has none but its File node."""
    lookup = Lookup(catalog)
    graph = GraphFile(project, info.path, lookup)
    unresolved = 0
    if facts is not None and info.status is not FileStatus.FAILED:
        linker = _Linker(graph, with_models(info.path, facts), naming.on(lookup))
        linker.objects()
        linker.statements()
        unresolved = linker.unresolved
    nodes, rels, rejected = graph.rows()
    file = {**info.properties, "unresolved": unresolved, "asked": sorted(lookup.asked)}
    return FileRows(
        path=info.path,
        status=info.status,
        file=file,
        nodes=nodes,
        rels=rels,
        rejected=rejected,
        digest=digest_of(file, nodes, rels),
    )


class _Linker:
    """Turns the facts of one file to rows."""

    def __init__(self, graph: GraphFile, facts: FileFacts, naming: Naming) -> None:
        self._graph = graph
        self._facts = facts
        self._naming = naming
        self._actors: dict[int, Node] = {}
        self.unresolved = 0
        """Columns whose table cannot be known: they are counted, not drawn."""

    def objects(self) -> None:
        """DEFINES, columns, keys, indexes, triggers and synonyms."""
        for index, item in enumerate(self._facts.objects):
            if item.temporary:
                continue
            node = self._object(item)
            if node is not None:
                self._actors[index] = node
                self._graph.rel(RelType.DEFINES, self._graph.file, node, line=item.line)
        for change in self._facts.changes:
            key = self._naming.asset(change.table, change.database)
            if self._graph.catalog.asset(key) is not None:
                self._graph.asset(key)
                self._graph.columns(key)

    def statements(self) -> None:
        """READS_FROM, WRITES_TO, DERIVES, CALLS and column flows, temp tables collapsed per routine or script."""
        sessions: dict[int | None, Session] = {}
        for statement in self._facts.statements:
            owner = statement.owner
            private = owner if owner is not None and self._facts.objects[owner].kind not in RELATIONS else None
            naming = self._naming.within(statement.database)
            if private not in sessions:
                sessions[private] = self._session(private, naming)
            _, collapsed = sessions[private].take(statement, _columns(self._graph.catalog, naming))
            self._statement(statement, collapsed, naming)

    def _session(self, owner: int | None, naming: Naming) -> Session:
        if owner is None:
            return Session()
        item = self._facts.objects[owner]
        function = naming.defined(item.name, item.database)
        rows = () if item.on else self._graph.catalog.trigger_rows(function)
        return session_of(item, self._trigger_table(owner, naming), rows)

    def _trigger_table(self, owner: int, naming: Naming) -> str:
        """What inserted, deleted, NEW and OLD stand for: a trigger's table, or that of the triggers of a function."""
        item = self._facts.objects[owner]
        if item.on:
            return item.on
        tables = self._graph.catalog.trigger_tables(naming.defined(item.name, item.database))
        return join_parts(from_text(tables[0])) if len(tables) == 1 else ""

    def _computed(self, item: ObjectFact, key: Key) -> None:
        """A computed column flows from its inputs, columns of the same table."""
        known = self._graph.catalog.asset(key)
        if known is None or known.path != self._graph.path:
            return
        for column, ref in [(own, ref) for own in item.columns for ref in own.refs]:
            target = self._graph.column(key, column.name)
            source = self._graph.column(key, ref.name, item.line)
            step = self._graph.transformation(self._graph.asset(key), target, "computed", column.expression)
            self._graph.rel(RelType.INPUT_TO, source, step, line=item.line, kind=ref.kind)
            self._graph.rel(RelType.GENERATES, step, target, line=item.line)

    def _object(self, item: ObjectFact) -> Node | None:
        naming = self._naming.within(item.database)
        if item.kind in RELATIONS:
            key = naming.defined(item.name, item.database)
            node = self._graph.asset(key)
            self._graph.columns(key)
            self._computed(item, key)
            return node
        if item.kind in ROUTINES:
            return self._graph.routine(naming.defined(item.name, item.database))
        if item.kind in PARTS:
            return self._part(item, naming)
        return None

    def _part(self, item: ObjectFact, naming: Naming) -> Node:
        on = naming.asset(item.on, item.database) if item.on else None
        node = self._graph.part(part_key(item, naming), item.display or item.name, item.definition or item.target)
        if on is not None:
            rel_type = RelType.ATTACHED_TO if item.kind is ObjectKind.TRIGGER else RelType.BELONGS_TO
            self._graph.rel(rel_type, node, self._graph.asset(on), line=item.line)
            if item.references:
                target = self._graph.asset(naming.asset(item.references, item.database))
                self._graph.rel(RelType.REFERENCES, self._graph.asset(on), target, line=item.line)
        if item.kind is ObjectKind.SYNONYM and item.target:
            self._graph.rel(RelType.ALIAS_OF, node, self._synonym_target(item, naming), line=item.line)
        return node

    def _synonym_target(self, item: ObjectFact, naming: Naming) -> Node:
        key = naming.asset(item.target, item.database)
        if self._graph.catalog.routine(key) is not None:
            return self._graph.routine(key)
        return self._graph.asset(key)

    def _statement(self, statement: Statement, said: Collapsed, naming: Naming) -> None:
        graph, line = self._graph, statement.line
        trust = DEGRADED if statement.degraded else 1.0
        actor = self._actors.get(statement.owner, graph.file) if statement.owner is not None else graph.file
        reads = self._assets(said.reads, naming)
        writes = self._assets(said.writes, naming)
        for node in reads:
            if node != actor:
                graph.rel(RelType.READS_FROM, actor, node, line=line, confidence=trust)
        for node in writes:
            if node != actor and statement.kind not in {"view", "materialized_view"}:
                graph.rel(RelType.WRITES_TO, actor, node, line=line, confidence=trust)
        for target, sources in zip(writes, (said.sources[name] for name in said.writes), strict=True):
            for source in self._assets(sources, naming):
                graph.rel(RelType.DERIVES, target, source, line=line, confidence=trust)
        for name in statement.calls:
            graph.rel(RelType.CALLS, actor, graph.routine(naming.asset(name)), line=line, confidence=trust)
        self._flows(statement, actor, (*said.columns, *said.influences), naming)

    def _assets(self, names: Iterable[str], naming: Naming) -> list[Node]:
        return [self._graph.asset(naming.asset(name)) for name in names]

    def _flows(self, statement: Statement, actor: Node, flows: Iterable[ColumnFlow], naming: Naming) -> None:
        logic: dict[tuple[Key, str], str] = {}
        for flow in flows:
            if flow.source_asset is None:
                self.unresolved += flow.kind.direct and flow.target_asset is not None
            if flow.source_asset is None or flow.target_asset is None:
                continue
            target_key = naming.asset(flow.target_asset)
            text = logic.setdefault((target_key, flow.target_column), flow.expression or _plain(flow))
            source = self._graph.column(naming.asset(flow.source_asset), flow.source_column, statement.line)
            target = self._graph.column(target_key, flow.target_column, statement.line)
            step = self._graph.transformation(actor, target, statement.kind, flow.expression or text)
            self._graph.rel(RelType.INPUT_TO, source, step, line=statement.line, kind=FlowKind(flow.kind))
            self._graph.rel(RelType.GENERATES, step, target, line=statement.line)


def _plain(flow: ColumnFlow) -> str:
    return f"{flow.source_asset}.{flow.source_column}" if flow.kind.direct else ""


def _columns(catalog: Lookup, naming: Naming) -> Columns:
    def asset_of(name: str) -> Asset | None:
        return catalog.asset(naming.asset(name))

    def columns_of(name: str) -> tuple[str, ...] | None:
        asset = asset_of(name)
        return asset.column_names or None if asset is not None else None

    def filled_of(name: str) -> tuple[str, ...] | None:
        asset = asset_of(name)
        return asset.filled_names or None if asset is not None else None

    def handed_of(name: str) -> Handed | None:
        routine = catalog.routine(naming.asset(name))
        return routine.handed if routine is not None else None

    return Columns(columns_of, filled_of, handed_of)
