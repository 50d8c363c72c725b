"""How one file's names become canonical keys: its dialect, its databases, and the catalog."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lineage_core.link.catalog import Catalog, Key
from lineage_core.link.lookup import Lookup
from lineage_core.sql.names import split_normalised

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect


_NOTHING = Catalog()


@dataclass(frozen=True, slots=True)
class Naming:
    """Completes names as written in one file.

    `database` is what a missing database means where no USE has been seen, `schema` what a missing schema means.
    """

    dialect: Dialect
    database: str = ""
    schema: str = ""
    lookup: Lookup = field(default_factory=lambda: Lookup(_NOTHING))

    def on(self, catalog: Catalog | Lookup) -> Naming:
        """The same with a catalog to look names up in."""
        return replace(self, lookup=Lookup(catalog) if isinstance(catalog, Catalog) else catalog)

    def within(self, database: str) -> Naming:
        """The same after `USE database`; an empty name changes nothing."""
        return replace(self, database=database) if database else self

    def defined(self, name: str, database: str = "") -> Key:
        """The key of an object where it is defined: completed by the defaults, never looked up."""
        parts = split_normalised(name)
        *outer, schema, own = ("", "", *parts)[-max(3, len(parts)) :]
        default_database, default_schema = self._defaults(database)
        return (".".join(filter(None, outer)) or default_database, schema or default_schema, own)

    def key(self, name: str, database: str = "") -> Key:
        """The key of an object where it is used: completed by the catalog."""
        return self.lookup.complete(split_normalised(name), *self._defaults(database))

    def asset(self, name: str, database: str = "") -> Key:
        """The key of a table or view where it is used, synonyms followed."""
        return self.lookup.used(name, *self._defaults(database))

    def _defaults(self, database: str) -> tuple[str, str]:
        """What a missing database and a missing schema mean; `database` is the one of USE, empty for none."""
        chosen = database or self.database
        if self.dialect.use_is_schema:
            return "", chosen or self.schema
        return chosen, self.schema or self.dialect.default_schema
