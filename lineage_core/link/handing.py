"""What the tree's routines hand on, found while the catalog is built."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lineage_core.link.catalog import Asset, Catalog, to_text
from lineage_core.link.definitions import statements_of
from lineage_core.link.resolve import Columns, Handed
from lineage_core.link.routines import handed_on, renamed
from lineage_core.sql.names import join_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.link.definitions import Definitions
    from lineage_core.link.naming import Naming
    from lineage_core.link.routines import Outline
    from lineage_core.model.facts import ObjectFact, Statement

_LOCAL = ("#", "@")
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class _Found:
    """A routine with its body, compressed, and how the body's names are completed."""

    item: ObjectFact
    outline: Outline
    content: bytes
    naming: Naming

    def statements(self) -> tuple[Statement, ...]:
        """The body's statements."""
        return statements_of(zlib.decompress(self.content))


@dataclass(slots=True)
class Bodies:
    """The routines' bodies by key and path, and what they hand on in a catalog."""

    _found: dict[tuple[str, str], _Found] = field(default_factory=dict)

    def add(self, path: str, definitions: Definitions, naming: Naming) -> None:
        """Take one file's routines."""
        for body in definitions.bodies:
            item = definitions.objects[body.owner]
            key = to_text(naming.defined(item.name, item.database))
            content = zlib.compress(body.content.encode(), _LEVEL)
            self._found[key, path] = _Found(item, body.outline, content, naming.within(item.database))

    def of(self, key: str, path: str) -> _Found | None:
        """The body that a file gives a routine."""
        return self._found.get((key, path))


class Handing:
    """Finds what routines hand on; one that depends on itself hands on nothing to itself."""

    def __init__(self, catalog: Catalog, found: Bodies, asset_of: Callable[[Naming, str], Asset | None]) -> None:
        """Start with nothing found.

        Args:
            catalog: with all routines; what they hand on is put there.
            found: their bodies.
            asset_of: a table or view by its name as written, its columns resolved.
        """
        self._catalog = catalog
        self._found = found
        self._asset_of = asset_of
        self._done: set[str] = set()

    def resolve_all(self) -> None:
        """Every routine."""
        for key in sorted(self._catalog.routines):
            self._resolve(key)

    def named(self, naming: Naming, name: str) -> Handed | None:
        """What the routine of a name as written hands on."""
        key = to_text(naming.asset(name))
        self._resolve(key)
        routine = self._catalog.routines.get(key)
        return routine.handed if routine is not None else None

    def _resolve(self, key: str) -> None:
        routine = self._catalog.routines.get(key)
        if routine is None or key in self._done:
            return
        self._done.add(key)
        found = self._found.of(key, routine.path)
        if found is None:
            return
        naming = found.naming.on(self._catalog)
        known = Columns(partial(self._columns, naming), partial(self._filled, naming), partial(self.named, naming))
        handed = handed_on(found.item, found.outline, found.statements, known)
        if handed != Handed():
            routine.handed = renamed(handed, partial(_canonical, naming))

    def _columns(self, naming: Naming, name: str) -> tuple[str, ...] | None:
        asset = self._asset_of(naming, name)
        return asset.column_names or None if asset is not None else None

    def _filled(self, naming: Naming, name: str) -> tuple[str, ...] | None:
        asset = self._asset_of(naming, name)
        return asset.filled_names or None if asset is not None else None


def _canonical(naming: Naming, name: str) -> str:
    return name if name.startswith(_LOCAL) else join_parts(naming.asset(name))
