"""The catalog: every object the tree defines, with its columns, and who decides what it looks like.

It follows from the tree alone, never from the order in which files were read: of two files that define one object the
one whose path sorts last wins, and names that leave out a database or schema are completed by what the whole tree
defines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, PrivateAttr

from lineage_core.link.resolve import Handed
from lineage_core.link.unread import Unread
from lineage_core.model.facts import ColumnFact  # noqa: TC001 - pydantic asks for it, as a part of the catalog
from lineage_core.model.kinds import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

Key = tuple[str, str, str]
"""Canonical name: database, schema, name; the first two may be empty."""


_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column and the file that owns it: the table's own file, or the one whose ALTER TABLE added it."""

    fact: ColumnFact
    path: str


class Asset(BaseModel):
    """A table or view. `path` is the winning definer, `paths` all of them, sorted. `columns` empty: not known.

    `partial`: there are more columns than those listed, as of a table made by a query that nobody can resolve and
    altered afterwards.
    """

    kind: ObjectKind
    display: str
    path: str
    paths: list[str]
    description: str = ""
    columns: list[CatalogColumn] = Field(default_factory=list)
    partial: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in order; none where not all are known."""
        return () if self.partial else tuple(column.fact.name for column in self.columns)

    @property
    def filled_names(self) -> tuple[str, ...]:
        """Names of the columns that an INSERT without a column list fills, in order; none where not all are known."""
        return () if self.partial else tuple(column.fact.name for column in self.columns if not column.fact.generated)

    def column_named(self, name: str) -> CatalogColumn | None:
        """The column of that name, or None where the definition does not list it; for a catalog that is complete."""
        return self._by_column.get(name)

    @cached_property
    def _by_column(self) -> dict[str, CatalogColumn]:
        return {column.fact.name: column for column in self.columns}


class Routine(BaseModel):
    """A procedure or function (`kind`), or another named object that is no relation. `handed` names tables in full."""

    kind: ObjectKind
    display: str
    path: str
    paths: list[str]
    handed: Handed | None = None


class Catalog(BaseModel):
    """All known objects by canonical key, as `to_text` writes it."""

    assets: Mapping[str, Asset] = Field(default_factory=dict)
    routines: Mapping[str, Routine] = Field(default_factory=dict)
    synonyms: dict[str, str] = Field(default_factory=dict)
    """Synonym -> key of what it stands for, chains followed."""
    trigger_tables: dict[str, list[str]] = Field(default_factory=dict)
    """Function -> the tables whose triggers execute it: what NEW and OLD are in its body."""
    trigger_rows: dict[str, list[str]] = Field(default_factory=dict)
    """Function -> the names that those triggers give to their rows."""
    parts: dict[str, str] = Field(default_factory=dict)
    """Trigger, synonym, index or constraint (its id without the project) -> the file that decides its properties."""
    _by_name: dict[str, list[Key]] = PrivateAttr(default_factory=dict)
    _databases: set[str] = PrivateAttr(default_factory=set)

    def model_post_init(self, context: object, /) -> None:
        """Build the look-ups."""
        del context
        self._by_name, self._databases = {}, set()
        for text in (*self.assets, *self.routines, *self.synonyms):
            key = from_text(text)
            self._by_name.setdefault(key[2], []).append(key)
            self._databases.add(key[0])

    def knows(self, key: Key) -> bool:
        """Whether any file defines an object of that name."""
        text = to_text(key)
        return text in self.assets or text in self.routines or text in self.synonyms

    def named(self, name: str) -> list[Key]:
        """The keys of all objects with that bare name."""
        return self._by_name.get(name, [])

    @property
    def databases(self) -> AbstractSet[str]:
        """Every database that some object is in."""
        return self._databases


_PART = 500
"""Objects in a part of a stored catalog."""


class StoredCatalog(BaseModel):
    """A catalog, or a part of one, with each object as JSON: of thousands, a batch of files asks for few."""

    assets: dict[str, str] = Field(default_factory=dict)
    routines: dict[str, str] = Field(default_factory=dict)
    synonyms: dict[str, str] = Field(default_factory=dict)
    trigger_tables: dict[str, list[str]] = Field(default_factory=dict)
    trigger_rows: dict[str, list[str]] = Field(default_factory=dict)
    parts: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def divided(cls, catalog: Catalog) -> Iterator[StoredCatalog]:
        """A catalog in parts, so that nobody has to hold the JSON of all of it."""
        for assets in _groups(catalog.assets):
            yield cls(assets=assets)
        for routines in _groups(catalog.routines):
            yield cls(routines=routines)
        yield cls(**catalog.model_dump(exclude={"assets", "routines"}))

    @classmethod
    def joined(cls, parts: Iterable[StoredCatalog]) -> Catalog:
        """The catalog of all parts, in which an object is validated when it is asked for; only to be read."""
        whole = cls()
        for part in parts:
            for name in cls.model_fields:
                getattr(whole, name).update(getattr(part, name))
        return Catalog.model_construct(
            assets=Unread(Asset, whole.assets),
            routines=Unread(Routine, whole.routines),
            **{name: getattr(whole, name) for name in cls.model_fields.keys() - {"assets", "routines"}},
        )


def _groups(objects: Mapping[str, BaseModel]) -> Iterator[dict[str, str]]:
    """Objects as JSON, some at a time."""
    items = iter(objects.items())
    while group := list(islice(items, _PART)):
        yield {key: item.model_dump_json(exclude_defaults=True) for key, item in group}


@lru_cache(maxsize=20_000)
def to_text(key: Key) -> str:
    """A key as one string, for JSON: its parts joined by a character that no name holds."""
    return _SEPARATOR.join(part.replace(_SEPARATOR, " ") for part in key)


def from_text(text: str) -> Key:
    """The reverse of `to_text`."""
    database, schema, name = text.split(_SEPARATOR)
    return database, schema, name
