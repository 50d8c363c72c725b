"""Building the catalog from what all files define."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lineage_core.link.catalog import Asset, Catalog, CatalogColumn, Routine, to_text
from lineage_core.link.definitions import definitions_of
from lineage_core.link.handing import Bodies
from lineage_core.link.parts import PARTS, part_key
from lineage_core.link.views import Views
from lineage_core.model.kinds import RELATIONS, ROUTINES, ObjectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lineage_core.link.definitions import Definitions, View
    from lineage_core.link.naming import Naming
    from lineage_core.model.facts import FileFacts, ObjectFact, TableChange


@dataclass(slots=True)
class CatalogBuilder:
    """Takes files in any order, then builds the catalog."""

    naming_of: Callable[[str, str], Naming]
    """(path, dialect) -> how names of that file are completed; its catalog is set when building."""
    _namings: dict[tuple[str, str, str], Naming] = field(default_factory=dict)
    _objects: dict[str, list[tuple[str, ObjectFact]]] = field(default_factory=dict)
    _routines: dict[str, list[tuple[str, ObjectFact]]] = field(default_factory=dict)
    _synonyms: dict[str, list[tuple[str, ObjectFact, Naming]]] = field(default_factory=dict)
    _views: dict[tuple[str, str], tuple[View, Naming]] = field(default_factory=dict)
    _changes: list[tuple[str, TableChange, Naming]] = field(default_factory=list)
    _parts: list[tuple[str, ObjectFact, Naming]] = field(default_factory=list)
    _triggers: list[tuple[str, ObjectFact, Naming]] = field(default_factory=list)
    _bodies: Bodies = field(default_factory=Bodies)

    def add(self, path: str, definitions: Definitions) -> None:
        """Take what one file defines."""
        naming = self._shared(self.naming_of(path, definitions.dialect))
        for item in definitions.objects:
            key = to_text(naming.defined(item.name, item.database))
            if item.kind in RELATIONS:
                self._objects.setdefault(key, []).append((path, item))
            elif item.kind in ROUTINES:
                self._routines.setdefault(key, []).append((path, item))
            elif item.kind is ObjectKind.SYNONYM:
                self._synonyms.setdefault(key, []).append((path, item, naming))
            if item.kind in PARTS:
                self._parts.append((path, item, naming.within(item.database)))
        for calls in definitions.triggers:
            trigger, own = definitions.objects[calls.trigger], naming.within(calls.database)
            self._triggers += [(name, trigger, own) for name in calls.functions]
        for view in definitions.views:
            key = to_text(naming.defined(view.name, view.database))
            self._views[key, path] = view, naming.within(view.database)
        self._bodies.add(path, definitions, naming)
        self._changes += [(path, change, naming) for change in definitions.changes]

    def _shared(self, naming: Naming) -> Naming:
        """One for all files whose names are completed in the same way."""
        return self._namings.setdefault((naming.dialect.name, naming.database, naming.schema), naming)

    def build(self) -> Catalog:
        """The catalog: winners chosen, ALTER TABLE applied in path order, views' columns resolved."""
        catalog = Catalog(
            assets={key: self._asset(found) for key, found in self._objects.items()},
            routines={key: self._routine(found) for key, found in self._routines.items()},
            synonyms={key: key for key in self._synonyms},
        )
        self._link_synonyms(catalog)
        Views(catalog, self._views, self._changes_of(catalog), self._bodies).resolve_all()
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
            update: dict[str, Any] = {"primary_key": True, "nullable": False} if primary else {"foreign_key": True}
            names = {column.name for column in item.columns}
            asset.columns = [
                replace(column, fact=replace(column.fact, **update)) if column.fact.name in names else column
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


def build_catalog(files: Iterable[tuple[str, FileFacts]], naming_of: Callable[[str, str], Naming]) -> Catalog:
    """The catalog of a tree.

    Args:
        files: (path, facts) of every file, in any order.
        naming_of: (path, dialect) -> how that file's names are completed.
    """
    return catalog_of(((path, definitions_of(path, facts)) for path, facts in files), naming_of)


def catalog_of(defined: Iterable[tuple[str, Definitions]], naming_of: Callable[[str, str], Naming]) -> Catalog:
    """The same from what files define."""
    builder = CatalogBuilder(naming_of)
    for path, definitions in defined:
        builder.add(path, definitions)
    return builder.build()
