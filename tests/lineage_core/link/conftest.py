"""A tree of SQL texts, linked as a bulk run links it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lineage_core.link.build import build_catalog
from lineage_core.link.naming import Naming
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.files import FileStatus
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lineage_core.link.catalog import Asset, Catalog
    from lineage_core.model.facts import FileFacts
    from lineage_core.model.rows import FileRows, NodeRow, RelRow

    Link = Callable[..., "Tree"]

PROJECT = "p"


@dataclass(frozen=True)
class Tree:
    """The catalog of a tree and the rows of each of its files."""

    catalog: Catalog
    rows: dict[str, FileRows]

    def nodes(self, path: str, label: str = "") -> dict[str, NodeRow]:
        """A file's nodes by `kind:name`."""
        return {short(row.id): row for row in self.rows[path].nodes if label in {"", row.label}}

    def rels(self, path: str = "", *types: str) -> set[str]:
        """`start TYPE end` of a file's relationships, or of all files'; transformations are seen through."""
        files = [self.rows[path]] if path else list(self.rows.values())
        return {text for file in files for text in described(file.rels, types)}

    def asset(self, name: str) -> Asset:
        """A table or view of the catalog by its dotted name."""
        (found,) = [
            asset for key, asset in self.catalog.assets.items() if ".".join(filter(None, key.split("\x1f"))) == name
        ]
        return found


def short(urn: str) -> str:
    _, _, kind, _, path = urn.split(":", 4)
    return f"{kind}:{path}"


def described(rels: Iterable[RelRow], types: tuple[str, ...]) -> Iterable[str]:
    made = {row.start: row.end for row in rels if row.type == "GENERATES"}
    for row in rels:
        if row.type == "INPUT_TO" and (not types or "FLOWS" in types):
            yield f"{short(row.start)} {row.props['kind']} {short(made[row.end])}"
        elif row.type not in {"INPUT_TO", "GENERATES"} and (not types or row.type in types):
            yield f"{short(row.start)} {row.type} {short(row.end)}"


@pytest.fixture(scope="session")
def link() -> Link:
    """Link a tree: `link({"a.sql": "..."})`, path -> text, in any order."""
    return _link


def _link(
    files: dict[str, str],
    name: str = "tsql",
    *,
    database: str = "",
    schema: str = "",
    order: Iterable[str] | None = None,
    failed: Iterable[str] = (),
) -> Tree:
    facts: dict[str, FileFacts] = {
        path: parse_text(text, name) for path, text in files.items() if path not in set(failed)
    }
    naming = Naming(dialect(name), database, schema)
    catalog = build_catalog(((path, facts[path]) for path in order or facts), lambda *_: naming)
    rows = {
        path: link_file(
            FileInfo(path, FileStatus.FAILED if path in set(failed) else FileStatus.OK, {"path": path}),
            facts.get(path),
            catalog,
            naming,
            PROJECT,
        )
        for path in files
    }
    return Tree(catalog, rows)
