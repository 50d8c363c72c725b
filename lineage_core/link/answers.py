"""Whether the catalog still answers a file as it did when the file was linked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lineage_core.link.catalog import Catalog, to_text
from lineage_core.link.lookup import DATABASE_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.link.naming import Naming

_DIGITS = 32


class Answers:
    """Digests of what a catalog says; equal digest, equal answers."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._known: dict[str, bytes] = {}
        self._extra: dict[str, list[str]] = {}
        for part, path in catalog.parts.items():
            self._extra.setdefault(part.rpartition(DATABASE_MARK)[2], []).append(f"{part} {path}")
        for function, said in (*catalog.trigger_tables.items(), *catalog.trigger_rows.items()):
            self._extra.setdefault(function.rpartition(DATABASE_MARK)[2], []).append(f"{function} {said}")

    def digest(self, asked: Iterable[str], naming: Naming) -> str:
        """Of all that a file asked, and of how its names are completed, which the settings decide; hex.

        Args:
            asked: as `Lookup.asked` kept it.
            naming: the file's, before any USE.
        """
        digest = hashlib.sha256(repr((naming.dialect.name, naming.database, naming.schema)).encode())
        for name in sorted(asked):
            digest.update(self._answer(name))
        return digest.hexdigest()[:_DIGITS]

    def _answer(self, name: str) -> bytes:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = hashlib.sha256(repr(self._says(name)).encode()).digest()
        return found

    def _says(self, name: str) -> list[object]:
        """Everything the catalog has under a bare name, or whether it has a database."""
        catalog = self.catalog
        if name.endswith(DATABASE_MARK):
            return [name, name.removesuffix(DATABASE_MARK) in catalog.databases]
        said: list[object] = [name, *sorted(self._extra.get(name, ()))]
        for key in sorted(map(to_text, catalog.named(name))):
            for kind in (catalog.assets, catalog.routines):
                if (item := kind.get(key)) is not None:
                    said += [key, item.model_dump_json()]
            said += [key, catalog.synonyms.get(key)]
        return said
