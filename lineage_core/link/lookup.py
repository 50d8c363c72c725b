"""Questions to the catalog, on behalf of one file: every name that was asked for is kept.

A file's rows follow from its facts and from the answers it got, "not known" included. So what a file asked, and a
digest of the answers, say whether it has to be linked again (`lineage_core.link.answers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.link.catalog import Catalog, from_text, to_text
from lineage_core.sql.names import split_normalised

if TYPE_CHECKING:
    from lineage_core.link.catalog import Asset, Key, Routine

DATABASE_MARK = "\x1f"
"""Ends what was asked about a database; every other question is an object's bare name."""


class Lookup:
    """The catalog as one file sees it. `asked` grows with each question: bare names of objects, without a schema.

    The bare name is enough: whatever answers `db.schema.t`, or decides what an unqualified `t` means, is called `t`.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.asked: set[str] = set()
        self._used: dict[tuple[str, str, str], Key] = {}

    def asset(self, key: Key) -> Asset | None:
        """The table or view of a key."""
        self.asked.add(key[2])
        return self._catalog.assets.get(to_text(key))

    def routine(self, key: Key) -> Routine | None:
        """The procedure or function of a key."""
        self.asked.add(key[2])
        return self._catalog.routines.get(to_text(key))

    def trigger_tables(self, function: Key) -> list[str]:
        """The tables (as text keys) whose triggers execute a function."""
        self.asked.add(function[2])
        return self._catalog.trigger_tables.get(to_text(function), [])

    def trigger_rows(self, function: Key) -> list[str]:
        """The names that the triggers which execute a function give to their rows."""
        self.asked.add(function[2])
        return self._catalog.trigger_rows.get(to_text(function), [])

    def part_owner(self, part: tuple[str, ...]) -> str | None:
        """The file that decides the properties of a trigger, synonym, index or constraint (label and name)."""
        self.asked.add(part[-1])
        return self._catalog.parts.get(DATABASE_MARK.join(part))

    def follow(self, key: Key) -> Key:
        """What a synonym stands for; any other key as it is."""
        self.asked.add(key[2])
        target = self._catalog.synonyms.get(to_text(key))
        return from_text(target) if target else key

    def used(self, name: str, database: str, schema: str) -> Key:
        """The key of a table or view by its name as written: completed, then synonyms followed.

        A file names the same few over and over, so what was found once is kept; the catalog must not change meanwhile.
        """
        found = self._used.get((name, database, schema))
        if found is None:
            found = self.follow(self.complete(split_normalised(name), database, schema))
            self._used[name, database, schema] = found
        return found

    def complete(self, parts: tuple[str, ...], database: str, schema: str) -> Key:
        """The canonical key of a name as written.

        Args:
            parts: the name's parts, outermost first; empty ones count as left out.
            database: what a missing database means here (USE, or a setting); may be empty.
            schema: what a missing schema means here.

        A name that nobody defines under these defaults is taken for the only object that agrees with it in all the
        parts it does have, where there is just one; else the defaults are its key.
        """
        *outer, own_schema, name = ("", "", *parts)[-max(3, len(parts)) :]
        own_database = ".".join(part for part in outer if part)
        key = (own_database or database, own_schema or schema, name)
        self.asked.add(name)
        if self._catalog.knows(key):
            return key
        return self._only(own_database, own_schema, name, database) or key

    def _only(self, own_database: str, own_schema: str, name: str, database: str) -> Key | None:
        found = [key for key in self._catalog.named(name) if not own_schema or key[1] == own_schema]
        if own_database:
            # `db.dbo.t`, while the tree never says which database its dbo.t is in
            self.asked.add(own_database + DATABASE_MARK)
            found = [] if own_database in self._catalog.databases else [key for key in found if not key[0]]
        elif database:
            found = [key for key in found if key[0] in ("", database)]
        return found[0] if len(found) == 1 else None
