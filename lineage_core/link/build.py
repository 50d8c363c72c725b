"""Building the catalog from the facts of all files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lineage_core.link.catalog import Asset, Catalog, CatalogColumn, Routine, from_text, to_text
from lineage_core.link.handing import Bodies, Handing
from lineage_core.link.models import with_models
from lineage_core.link.parts import PARTS, part_key
from lineage_core.link.relation import STAR
from lineage_core.link.resolve import UNKNOWN, Resolver, target_columns
from lineage_core.model.facts import ColumnFact, FileFacts, Flow, ObjectFact, ObjectKind, Query, Statement, TableChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lineage_core.link.naming import Naming

RELATIONS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW})
ROUTINES = frozenset({ObjectKind.PROCEDURE, ObjectKind.FUNCTION})


@dataclass(slots=True)
class _Shape:
    """A view, or a table made from a query, whose columns have to be found by resolving that query."""

    flow: Flow
    queries: tuple[Query, ...]
    naming: Naming


@dataclass(slots=True)
class CatalogBuilder:
    """Takes files in any order, then builds the catalog."""

    naming_of: Callable[[str, str], Naming]
    """(path, dialect) -> how names of that file are completed; its catalog is set when building."""
    _objects: dict[str, list[tuple[str, ObjectFact]]] = field(default_factory=dict)
    _routines: dict[str, list[tuple[str, ObjectFact]]] = field(default_factory=dict)
    _synonyms: dict[str, list[tuple[str, ObjectFact, Naming]]] = field(default_factory=dict)
    _shapes: dict[tuple[str, str], _Shape] = field(default_factory=dict)
    _changes: list[tuple[str, TableChange, Naming]] = field(default_factory=list)
    _parts: list[tuple[str, ObjectFact, Naming]] = field(default_factory=list)
    _triggers: list[tuple[str, ObjectFact, Naming]] = field(default_factory=list)
    _bodies: Bodies = field(default_factory=Bodies)

    def add(self, path: str, facts: FileFacts) -> None:
        """Take one file's facts."""
        naming, facts = self.naming_of(path, facts.dialect), with_models(path, facts)
        for item in facts.objects:
            if item.temporary:
                continue
            key = to_text(naming.defined(item.name, item.database))
            if item.kind in RELATIONS:
                self._objects.setdefault(key, []).append((path, item))
            elif item.kind in ROUTINES:
                self._routines.setdefault(key, []).append((path, item))
            elif item.kind is ObjectKind.SYNONYM:
                self._synonyms.setdefault(key, []).append((path, item, naming))
            if item.kind in PARTS:
                self._parts.append((path, item, naming.within(item.database)))
        self._add_triggers(facts, naming)
        self._bodies.add(path, facts, naming)
        for statement in facts.statements:
            self._add_shape(path, facts, statement, naming)
        self._changes += [(path, change, naming) for change in facts.changes]

    def _add_triggers(self, facts: FileFacts, naming: Naming) -> None:
        """Triggers that execute a function: (function, trigger)."""
        for statement in facts.statements:
            if statement.kind == "trigger" and statement.owner is not None:
                trigger, own = facts.objects[statement.owner], naming.within(statement.database)
                self._triggers += [(name, trigger, own) for name in statement.calls if trigger.on]

    def _add_shape(self, path: str, facts: FileFacts, statement: Statement, naming: Naming) -> None:
        owner = facts.objects[statement.owner] if statement.owner is not None else None
        if statement.kind not in RELATIONS or (owner is not None and owner.kind not in RELATIONS):
            return
        for flow in statement.flows:
            if flow.target in statement.temporary:
                continue
            key = to_text(naming.defined(flow.target, statement.database))
            self._shapes[key, path] = _Shape(flow, statement.queries, naming.within(statement.database))

    def build(self) -> Catalog:
        """The catalog: winners chosen, ALTER TABLE applied in path order, views' columns resolved."""
        catalog = Catalog(
            assets={key: self._asset(found) for key, found in self._objects.items()},
            routines={key: self._routine(found) for key, found in self._routines.items()},
            synonyms={key: key for key in self._synonyms},
        )
        self._link_synonyms(catalog)
        _Shapes(catalog, self._shapes, self._changes_of(catalog), self._bodies).resolve_all()
        self._mark_keys(catalog)
        self._mark_triggers(catalog)
        for path, item, naming in self._parts:
            part = part_key(item, naming.on(catalog)).text
            catalog.parts[part] = max(path, catalog.parts.get(part, ""))
        return catalog

    def _mark_triggers(self, catalog: Catalog) -> None:
        """What the functions that triggers execute see as NEW and OLD, and by which other names."""
        tables: dict[str, set[str]] = {}
        rows: dict[str, set[str]] = {}
        for name, trigger, naming in self._triggers:
            known = naming.on(catalog)
            function = to_text(known.asset(name))
            tables.setdefault(function, set()).add(to_text(known.asset(trigger.on)))
            rows.setdefault(function, set()).update(trigger.rows)
        catalog.trigger_tables = {function: sorted(found) for function, found in tables.items()}
        catalog.trigger_rows = {function: sorted(found) for function, found in rows.items() if found}

    def _changes_of(self, catalog: Catalog) -> dict[str, list[tuple[str, TableChange]]]:
        """The ALTER TABLEs of each known table, in the order of their paths and lines."""
        changes: dict[str, list[tuple[str, TableChange]]] = {}
        for path, change, naming in sorted(self._changes, key=lambda item: (item[0], item[1].line)):
            key = to_text(naming.on(catalog).asset(change.table, change.database))
            changes.setdefault(key, []).append((path, change))
        return changes

    def _mark_keys(self, catalog: Catalog) -> None:
        """Columns that a constraint makes keys, in whatever file it is added."""
        for _, item, naming in self._parts:
            primary = item.definition.upper().startswith("PRIMARY")
            asset = catalog.assets.get(to_text(naming.on(catalog).asset(item.on, item.database))) if item.on else None
            if item.kind is not ObjectKind.CONSTRAINT or asset is None or not (primary or item.references):
                continue
            update = {"primary_key": True, "nullable": False} if primary else {"foreign_key": True}
            names = {column.name for column in item.columns}
            asset.columns = [
                column.model_copy(update={"fact": column.fact.model_copy(update=update)})
                if column.fact.name in names
                else column
                for column in asset.columns
            ]

    @staticmethod
    def _asset(found: list[tuple[str, ObjectFact]]) -> Asset:
        path = max(path for path, _ in found)
        item = [item for own, item in found if own == path][-1]
        columns = [CatalogColumn(fact=column, path=path) for column in item.columns]
        return Asset(
            kind=item.kind,
            display=item.display or item.name,
            path=path,
            paths=sorted({path for path, _ in found}),
            description=item.description,
            columns=columns,
        )

    @staticmethod
    def _routine(found: list[tuple[str, ObjectFact]]) -> Routine:
        path, item = max(found, key=lambda pair: pair[0])
        paths = sorted({path for path, _ in found})
        return Routine(kind=item.kind, display=item.display or item.name, path=path, paths=paths)

    def _link_synonyms(self, catalog: Catalog) -> None:
        direct = {}
        for key, found in self._synonyms.items():
            _, item, naming = max(found, key=lambda entry: entry[0])
            direct[key] = to_text(naming.on(catalog).key(item.target, item.database))
        for key, first in direct.items():
            seen, target = {key}, first
            while target in direct and target not in seen:
                seen.add(target)
                target = direct[target]
            catalog.synonyms[key] = target


def _apply(asset: Asset, path: str, change: TableChange) -> None:
    asset.partial = asset.partial or (not asset.columns and bool(change.added))
    dropped, renamed = set(change.dropped), dict(change.renamed)
    described = change.column_descriptions
    columns = []
    for column in asset.columns:
        fact = column.fact
        if fact.name in dropped:
            continue
        update: dict[str, object] = {}
        if fact.name in described:
            update["description"] = described[fact.name]
        if fact.name in renamed:
            update["name"] = renamed[fact.name]
        columns.append(column.model_copy(update={"fact": fact.model_copy(update=update)}) if update else column)
    names = {column.fact.name for column in columns}
    position = len(columns)
    for added in change.added:
        if added.name not in names:
            position += 1
            fact = added.model_copy(update={"position": position})
            columns.append(CatalogColumn(fact=fact, path=path))
    asset.columns = columns
    asset.description = change.description or asset.description


class _Shapes:
    """Resolves the columns of views on views and applies ALTER TABLE; a view that depends on itself stays without
    known columns.
    """

    def __init__(
        self,
        catalog: Catalog,
        shapes: dict[tuple[str, str], _Shape],
        changes: dict[str, list[tuple[str, TableChange]]],
        found: Bodies,
    ) -> None:
        self._handing = Handing(catalog, found, self._asset_of)
        self._catalog = catalog
        self._shapes = shapes
        self._changes = changes
        self._open: set[str] = set()
        self._done: set[str] = set()

    def resolve_all(self) -> None:
        for key in sorted(self._catalog.assets):
            self._resolve(key)
        self._handing.resolve_all()

    def _resolve(self, key: str) -> None:
        asset = self._catalog.assets.get(key)
        if asset is None or key in self._done or key in self._open:
            return
        self._open.add(key)
        if (shape := self._shapes.get((key, asset.path))) is not None:
            self._shape(asset, shape)
        for path, change in self._changes.get(key, ()):
            _apply(asset, path, change)
        self._open.discard(key)
        self._done.add(key)

    def _shape(self, asset: Asset, shape: _Shape) -> None:
        naming = shape.naming.on(self._catalog)
        handed_of = partial(self._handing.named, naming)
        resolver = Resolver(shape.queries, lambda name: self._columns_of(naming, name), handed=handed_of)
        relation = resolver.query(shape.flow.query)
        names = target_columns(shape.flow, relation, UNKNOWN.filled_of)
        shown = self._spelling(shape, naming)
        if not asset.columns and STAR not in names:
            asset.columns = [
                CatalogColumn(
                    fact=ColumnFact(name=name, display=shown.get(name, ""), position=position), path=asset.path
                )
                for position, name in enumerate(dict.fromkeys(filter(None, names)), start=1)
            ]

    def _spelling(self, shape: _Shape, naming: Naming) -> dict[str, str]:
        """Column -> as it is written in the query, or where it comes from by a star."""
        shown: dict[str, str] = {}
        for query in shape.queries:
            for source in query.sources:
                asset = self._catalog.assets.get(to_text(naming.asset(source.table))) if source.table else None
                shown |= {column.fact.name: column.fact.display for column in (asset.columns if asset else ())}
        for query in reversed(shape.queries):
            shown |= {output.name: output.display for output in query.outputs if output.display}
        return shown

    def _asset_of(self, naming: Naming, name: str) -> Asset | None:
        key = to_text(naming.asset(name))
        self._resolve(key)
        return self._catalog.assets.get(key)

    def _columns_of(self, naming: Naming, name: str) -> tuple[str, ...] | None:
        asset = self._asset_of(naming, name)
        return asset.column_names or None if asset is not None else None


def build_catalog(files: Iterable[tuple[str, FileFacts]], naming_of: Callable[[str, str], Naming]) -> Catalog:
    """The catalog of a tree.

    Args:
        files: (path, facts) of every file, in any order.
        naming_of: (path, dialect) -> how that file's names are completed.
    """
    builder = CatalogBuilder(naming_of)
    for path, facts in files:
        builder.add(path, facts)
    return builder.build()


__all__ = ["CatalogBuilder", "build_catalog", "from_text"]
