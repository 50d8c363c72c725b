"""The columns of views: found by resolving their queries, on views of views too, with ALTER TABLE applied."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lineage_core.link.catalog import Asset, Catalog, CatalogColumn, to_text
from lineage_core.link.handing import Bodies, Handing
from lineage_core.link.relation import STAR
from lineage_core.link.resolve import UNKNOWN, Resolver, target_columns
from lineage_core.model.facts import ColumnFact

if TYPE_CHECKING:
    from lineage_core.link.definitions import View, ViewQuery
    from lineage_core.link.naming import Naming
    from lineage_core.model.facts import TableChange


class Views:
    """Resolves the columns of views on views and applies ALTER TABLE; a view that depends on itself stays without
    known columns.
    """

    def __init__(
        self,
        catalog: Catalog,
        views: dict[tuple[str, str], tuple[View, Naming]],
        changes: dict[str, list[tuple[str, TableChange]]],
        found: Bodies,
    ) -> None:
        """Start with nothing resolved.

        Args:
            catalog: with all objects; columns are put there.
            views: by key and path, each with how its names are completed.
            changes: ALTER TABLEs by the table's key, in order, each with its path.
            found: routines' bodies.
        """
        self._handing = Handing(catalog, found, self._asset_of)
        self._catalog = catalog
        self._views = views
        self._changes = changes
        self._open: set[str] = set()
        self._done: set[str] = set()

    def resolve_all(self) -> None:
        """Every table and view, then what routines hand on."""
        for key in sorted(self._catalog.assets):
            self._resolve(key)
        self._handing.resolve_all()

    def _resolve(self, key: str) -> None:
        asset = self._catalog.assets.get(key)
        if asset is None or key in self._done or key in self._open:
            return
        self._open.add(key)
        if not asset.columns and (found := self._views.get((key, asset.path))) is not None:
            view, naming = found
            self._find_columns(asset, view.query(), naming.on(self._catalog))
        for path, change in self._changes.get(key, ()):
            _apply(asset, path, change)
        self._open.discard(key)
        self._done.add(key)

    def _find_columns(self, asset: Asset, view: ViewQuery, naming: Naming) -> None:
        handed_of = partial(self._handing.named, naming)
        resolver = Resolver(view.queries, lambda name: self._columns_of(naming, name), handed=handed_of)
        relation = resolver.query(view.flow.query)
        names = target_columns(view.flow, relation, UNKNOWN.filled_of)
        shown = self._spelling(view, naming)
        if STAR not in names:
            asset.columns = [
                CatalogColumn(
                    fact=ColumnFact(name=name, display=shown.get(name, ""), position=position), path=asset.path
                )
                for position, name in enumerate(dict.fromkeys(filter(None, names)), start=1)
            ]

    def _spelling(self, view: ViewQuery, naming: Naming) -> dict[str, str]:
        """Column -> as it is written in the query, or where it comes from by a star."""
        shown: dict[str, str] = {}
        for query in view.queries:
            for source in query.sources:
                asset = self._catalog.assets.get(to_text(naming.asset(source.table))) if source.table else None
                shown |= {column.fact.name: column.fact.display for column in (asset.columns if asset else ())}
        for query in reversed(view.queries):
            shown |= {output.name: output.display for output in query.outputs if output.display}
        return shown

    def _asset_of(self, naming: Naming, name: str) -> Asset | None:
        key = to_text(naming.asset(name))
        self._resolve(key)
        return self._catalog.assets.get(key)

    def _columns_of(self, naming: Naming, name: str) -> tuple[str, ...] | None:
        asset = self._asset_of(naming, name)
        return asset.column_names or None if asset is not None else None


def _apply(asset: Asset, path: str, change: TableChange) -> None:
    asset.partial = asset.partial or (not asset.columns and bool(change.added))
    dropped, renamed = set(change.dropped), dict(change.renamed)
    described = change.column_descriptions
    columns = []
    for column in asset.columns:
        fact = column.fact
        if fact.name in dropped:
            continue
        update: dict[str, Any] = {}
        if fact.name in described:
            update["description"] = described[fact.name]
        if fact.name in renamed:
            update["name"] = renamed[fact.name]
        columns.append(replace(column, fact=replace(fact, **update)) if update else column)
    names = {column.fact.name for column in columns}
    position = len(columns)
    for added in change.added:
        if added.name not in names:
            position += 1
            fact = replace(added, position=position)
            columns.append(CatalogColumn(fact=fact, path=path))
    asset.columns = columns
    asset.description = change.description or asset.description
