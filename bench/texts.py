"""The texts of a tree with their dialects, as every parser is given them; and their facts and rows by ours."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.trees import sql_files
from lineage_core.ingest.link_stage import namings
from lineage_core.link.build import build_catalog
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.files import FileStatus
from lineage_core.source.decode import decode
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text
from lineage_core.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lineage_core.model.facts import FileFacts
    from lineage_core.model.rows import FileRows
    from lineage_core.settings import Settings
    from lineage_core.sql.dialects import Dialect


@dataclass(frozen=True)
class Text:
    """One file. `dialect` is our name of it, `sqlglot` that of sqlglot (empty: its generic one).

    `statements` are cut by our splitter, for a parser that cannot read whole exports: no GO, no control flow, no
    headers of routines, but every statement of their bodies, and the comments around them.
    """

    path: str
    text: str
    dialect: str
    sqlglot: str
    statements: tuple[str, ...]


def texts_of(tree: Path) -> list[Text]:
    """Every file of a tree; dialects are found as an ingest finds them."""
    found = []
    for path in sql_files(tree):
        text = decode(path.read_bytes()).text
        traits = dialect(parse_text(text, "").dialect)
        statements = tuple(_statements(text, traits))
        found.append(Text(str(path.relative_to(tree)), text, traits.name, traits.sqlglot, statements))
    return found


def _statements(text: str, traits: Dialect) -> Iterator[str]:
    slices = split(text, traits)
    headers = {item.owner for item in slices}
    for index, item in enumerate(slices):
        if item.kind not in {"control", "go"} and index not in headers:
            yield text[item.start : item.end]


def save(texts: Sequence[Text], file: Path) -> None:
    """As JSON, which a parser in another environment can read."""
    file.write_text(json.dumps([asdict(text) for text in texts]), "utf-8")


def load(file: Path) -> list[Text]:
    """What `save` wrote."""
    return [Text(**item) for item in json.loads(file.read_text("utf-8"))]


def facts_of(text: Text) -> FileFacts:
    """What a text says, nothing resolved yet."""
    return parse_text(text.text, text.dialect)


def linking(
    texts: Sequence[Text], facts: Sequence[FileFacts], settings: Settings
) -> Callable[[Text, FileFacts], FileRows]:
    """Makes the catalog of all texts; the answer links one of them against it, tables and columns, to its rows."""
    naming_of = namings(settings)
    catalog = build_catalog(((text.path, found) for text, found in zip(texts, facts, strict=True)), naming_of)

    def link(text: Text, found: FileFacts) -> FileRows:
        return link_file(_info(text), found, catalog, naming_of(text.path, text.dialect), settings.project)

    return link


def _info(text: Text) -> FileInfo:
    raw = text.text.encode()
    properties: dict[str, object] = {
        "path": text.path,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "size": len(raw),
        "dialect": text.dialect,
        "status": FileStatus.OK.value,
        "observed_at": datetime.now(UTC).isoformat(),
    }
    return FileInfo(text.path, FileStatus.OK, properties)
