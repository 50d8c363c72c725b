"""Link: the facts of all files to a catalog, then each batch's facts to rows, in this process or in the pool's, which
find facts and catalog in the spool.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict

from lineage_core.ingest.parse_stage import DEFINITIONS, FACTS, FileDefinitions, FileParse, ParseOptions, parse_files
from lineage_core.ingest.spool import Spool
from lineage_core.link.answers import Answers
from lineage_core.link.build import catalog_of
from lineage_core.link.catalog import StoredCatalog
from lineage_core.link.definitions import unpack
from lineage_core.link.naming import Naming
from lineage_core.link.rows import FileInfo, link_file
from lineage_core.model.facts import FileFacts
from lineage_core.model.files import FileStatus, FileVersion
from lineage_core.model.rows import FileRows
from lineage_core.source.databases import DatabasePatterns
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import PARSER_VERSION
from lineage_core.version import code_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from lineage_core.link.catalog import Catalog
    from lineage_core.link.definitions import Definitions
    from lineage_core.settings import Settings

M = TypeVar("M", bound=BaseModel)

ROWS = "rows"
CATALOG = "catalog"
"""Of the spool's files: FileRows of each batch, the catalog of the run."""

INGEST_VERSION = f"{PARSER_VERSION}-{code_version('link', 'model')}"
"""On every File node: a file whose node has another one is ingested again, though its content is the same."""

_OBJECTS_PER_FILE = 30
"""A catalog of more objects for each file to link is not worth handing to the pool."""

_MAX_ERRORS = 200
"""Problems kept on a File node; the run's report has all."""


class LinkSummary(BaseModel):
    """What linking a batch gave. `rejected` rows failed validation and go to the dead letters."""

    model_config = ConfigDict(frozen=True)

    batch: int
    files: int = 0
    nodes: int = 0
    relationships: int = 0
    rejected: int = 0
    unresolved: int = 0


class Batch(BaseModel):
    """What link has to know of a batch: its files as hashed, and what parsing made of them, in the same order."""

    model_config = ConfigDict(frozen=True)

    number: int
    versions: tuple[FileVersion, ...]
    parses: tuple[FileParse, ...]


def make_catalog(
    batches: Iterable[Batch], settings: Settings, run_dir: Path, known: Iterable[tuple[str, Definitions]] = ()
) -> Catalog:
    """Build the run's catalog from what every file of the project defines.

    Args:
        batches: those that were parsed in this run.
        settings: databases, schema, cache.
        run_dir: the run's folder.
        known: (path, definitions) of the project's other files.

    Returns:
        The catalog.
    """
    stored = chain.from_iterable(_spooled(batch, settings, run_dir, DEFINITIONS, FileDefinitions) for batch in batches)
    parsed = ((path, found) for path, item in stored if (found := unpack(item.packed)) is not None)
    return catalog_of(chain(known, parsed), namings(settings))


def spool_catalog(catalog: Catalog, run_dir: Path) -> None:
    """Put the run's catalog where the pool's processes find it."""
    parts = ((str(number), part) for number, part in enumerate(StoredCatalog.divided(catalog)))
    Spool(run_dir).write(CATALOG, 0, parts)


def spooled_answers(run_dir: Path) -> Answers:
    """Those of the catalog that `spool_catalog` put there; a process reads each catalog once."""
    return _read_answers(run_dir.absolute(), Spool(run_dir).stamp(CATALOG, 0))


def few_to_link(files: int, catalog: Catalog) -> bool:
    """Whether so few files are sooner linked where the catalog is than by processes that have to read it first.

    A file takes 5 ms. An object of the catalog takes 0.08 ms to be put into the spool and read from it by each process.
    """
    return files * _OBJECTS_PER_FILE <= len(catalog.assets) + len(catalog.routines)


def link_batch(batch: Batch, settings: Settings, run_dir: Path, answers: Answers) -> LinkSummary:
    """Link one batch with the run's catalog and spool its rows, in the order of its files."""
    naming_of = namings(settings)
    facts = dict(_spooled(batch, settings, run_dir, FACTS, FileFacts))
    defined = dict(_spooled(batch, settings, run_dir, DEFINITIONS, FileDefinitions))
    rows = []
    for parse in batch.parses:
        own = facts.get(parse.path)
        naming = naming_of(parse.path, parse.dialect or "ansi")
        info = _info(parse, defined[parse.path].packed if own is not None else "")
        linked = link_file(info, own, answers.catalog, naming, settings.project)
        if own is not None:
            linked.file["answered"] = answers.digest(linked.file["asked"], naming)
        rows.append(linked)
    Spool(run_dir).write(ROWS, batch.number, [(item.path, item) for item in rows])
    return LinkSummary(
        batch=batch.number,
        files=len(rows),
        nodes=sum(len(item.nodes) for item in rows),
        relationships=sum(len(item.rels) for item in rows),
        rejected=sum(len(item.rejected) for item in rows),
        unresolved=sum(item.file["unresolved"] for item in rows),
    )


def _spooled(batch: Batch, settings: Settings, run_dir: Path, kind: str, model: type[M]) -> Iterator[tuple[str, M]]:
    """What parsing a batch gave: from this run's spool; else, its parse task having been answered by Prefect's cache,
    from the parse cache or by parsing again.
    """
    wanted = {parse.path for parse in batch.parses if parse.status is not FileStatus.FAILED}
    for path, found in Spool(run_dir).read(kind, batch.number, model):
        if path in wanted:
            wanted.discard(path)
            yield path, found
    missing = [version for version in batch.versions if version.path in wanted]
    if missing:
        parse_files(missing, ParseOptions.of(settings, run_dir, batch.number))
        again = {version.path for version in missing}
        yield from ((path, found) for path, found in Spool(run_dir).read(kind, batch.number, model) if path in again)


@lru_cache(maxsize=1)
def _read_answers(run_dir: Path, _stamp: tuple[tuple[int, int], ...]) -> Answers:
    """A run that is tried again makes another catalog, in place of the one before."""
    return Answers(StoredCatalog.joined(part for _, part in Spool(run_dir).read(CATALOG, 0, StoredCatalog)))


def namings(settings: Settings) -> Callable[[str, str], Naming]:
    """(path, dialect) -> how the names of that file are completed."""
    databases, schema = DatabasePatterns(settings), settings.default_schema.lower()
    return lambda path, name: Naming(dialect(name), databases.of(path), schema)


def _info(parse: FileParse, definitions: str) -> FileInfo:
    errors = [f"line {item.line}: {item.message}" if item.line else item.message for item in parse.problems]
    return FileInfo(
        path=parse.path,
        status=parse.status,
        properties={
            "path": parse.path,
            "sha256": parse.sha256,
            "size": parse.size,
            "encoding": parse.encoding,
            "dialect": parse.dialect,
            "status": parse.status.value,
            "errors": errors[:_MAX_ERRORS],
            "parser_version": INGEST_VERSION,
            "definitions": definitions,
            "mtime": parse.mtime_ns,
            "observed_at": parse.observed_at,
        },
    )


def read_rows(batch: int, run_dir: Path) -> Iterator[FileRows]:
    """The rows of a batch from the spool."""
    for _, rows in Spool(run_dir).read(ROWS, batch, FileRows):
        yield rows
