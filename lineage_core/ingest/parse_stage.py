"""Parse, on the worker's side: a file's version to its facts, from the cache or by parsing, and into the run's spool.

A worker process imports this module, so it must not import Prefect, the Neo4j driver or anything of the screen.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass as model

from lineage_core.cache.parse_cache import ParseCache
from lineage_core.errors import LineageError
from lineage_core.ingest.file_facts import facts_of
from lineage_core.ingest.limits import SECONDS, TimeLimitError, cpu_seconds, cpu_time_limit
from lineage_core.ingest.spool import Spool
from lineage_core.link.definitions import definitions_of, pack
from lineage_core.model.facts import FileFacts, Problem
from lineage_core.model.files import FileStatus, FileVersion
from lineage_core.source.decode import LARGE
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lineage_core.ingest.file_facts import FactsCache, Parsed
    from lineage_core.ingest.streamed import Parse
    from lineage_core.settings import Settings

FACTS = "facts"
DEFINITIONS = "definitions"
"""Of the spool's files: FileFacts and FileDefinitions of each batch."""

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeLimitError, "took too long to parse and was given up"),
    (RecursionError, "is nested too deeply to parse"),
    (MemoryError, "needs more memory than INGEST_MEMORY_LIMIT allows"),
)


@model(frozen=True, slots=True, kw_only=True)
class FileParse:
    """What came of one file. Its facts are in the run's spool, unless it failed.

    `sha256`, `size` and `encoding` are of the content that was parsed, which is newer than the version asked for if the
    file was saved in between.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int = 0
    observed_at: str = ""
    """Of the version, as hashing saw it."""
    encoding: str = ""
    dialect: str = ""
    status: FileStatus
    problems: tuple[Problem, ...] = ()
    cached: bool = False
    seconds: float = 0.0


class FileDefinitions(BaseModel):
    """What a file defines, as `lineage_core.link.definitions` packs it."""

    model_config = ConfigDict(frozen=True)

    packed: str


@dataclass(frozen=True, slots=True)
class CacheOptions:
    """The cache's settings, as they travel to a worker."""

    parse_cache_dir: Path
    cache_entries: int
    cache_days: float


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """What a worker has to know of the run. Paths are absolute: a worker's current folder may be another."""

    cache: CacheOptions | None = None
    """None: without the parse cache."""
    run_dir: Path | None = None
    """The run's folder, for the spool; None: facts are not kept."""
    batch: int = 0
    """Number of the batch that the files belong to."""
    seconds: float = SECONDS
    """CPU seconds that a file may take, apart from those for its size."""
    large: int = LARGE
    """Bytes; larger files are streamed."""

    @classmethod
    def of(cls, settings: Settings, run_dir: Path | None = None, batch: int = 0) -> ParseOptions:
        """From the settings, the run's folder and the batch."""
        cache = CacheOptions(settings.parse_cache_dir.absolute(), settings.cache_entries, settings.cache_days)
        return cls(
            cache=cache if settings.enable_cache else None,
            run_dir=run_dir.absolute() if run_dir else None,
            batch=batch,
        )


def parse_files(versions: Sequence[FileVersion], options: ParseOptions, parse: Parse = parse_text) -> list[FileParse]:
    """Parse files and spool their facts and definitions; the results in the order of the versions.

    A file that cannot be parsed is a failed result, whatever was wrong with it.

    Raises:
        CacheError: the cache's folder cannot be used.
        DataFolderError: the spool cannot be written.
    """
    results: list[FileParse] = []

    def spooled(cache: ParseCache | None) -> Iterator[tuple[str, FileFacts]]:
        for version in versions:
            result, facts = parse_file(version, options, cache, parse)
            results.append(result)
            if facts is not None:
                yield version.path, facts

    with ParseCache(options.cache) if options.cache else nullcontext() as cache:
        if options.run_dir is None:
            results.extend(result for result, _ in (parse_file(version, options, cache, parse) for version in versions))
        else:
            spool_facts(Spool(options.run_dir), options.batch, spooled(cache), part_of(versions))
    return results


def spool_facts(spool: Spool, batch: int, facts: Iterable[tuple[str, FileFacts]], part: str) -> None:
    """Put files' facts, and what they define, into the spool.

    Args:
        spool: the run's.
        batch: its number.
        facts: (path, facts) of each file, taken one by one.
        part: of the batch, see `part_of`.
    """
    defined: list[tuple[str, FileDefinitions]] = []

    def taken() -> Iterator[tuple[str, FileFacts]]:
        for path, found in facts:
            defined.append((path, FileDefinitions(packed=pack(definitions_of(path, found)))))
            yield path, found

    spool.write(FACTS, batch, taken(), part)
    spool.write(DEFINITIONS, batch, defined, part)


def parse_file(
    version: FileVersion,
    options: ParseOptions,
    cache: FactsCache | None = None,
    parse: Parse = parse_text,
    content: bytes | None = None,
) -> tuple[FileParse, FileFacts | None]:
    """What comes of one file, and its facts unless it failed. With its `content` the disk is not looked at.

    Raises nothing: whatever happens is this file's problem.
    """
    started = time.perf_counter()
    try:
        with cpu_time_limit(cpu_seconds(version.size, options.seconds)):
            parsed = facts_of(version, cache, parse, options.large, content)
    # The one boundary at which a file is isolated: a parser may fail in any way on input from outside.
    except (Exception, TimeLimitError) as error:  # noqa: BLE001
        return failed_parse(version, _reason(error), time.perf_counter() - started), None
    problems = _problems(parsed)
    result = FileParse(
        path=version.path,
        sha256=parsed.sha256,
        size=parsed.size,
        mtime_ns=version.mtime_ns,
        observed_at=version.observed_at,
        encoding=parsed.encoding,
        dialect=parsed.facts.dialect,
        status=FileStatus.PARTIAL if problems else FileStatus.OK,
        problems=problems,
        cached=parsed.cached,
        seconds=time.perf_counter() - started,
    )
    return result, parsed.facts


def failed_parse(version: FileVersion, reason: str, seconds: float = 0.0) -> FileParse:
    """The result of a file that could not be parsed at all."""
    return FileParse(
        path=version.path,
        sha256=version.sha256,
        size=version.size,
        mtime_ns=version.mtime_ns,
        observed_at=version.observed_at,
        dialect=version.dialect,
        status=FileStatus.FAILED,
        problems=(Problem(line=0, message=reason),),
        seconds=seconds,
    )


def _problems(parsed: Parsed) -> tuple[Problem, ...]:
    problems = tuple(parsed.facts.problems)
    if not parsed.lossy:
        return problems
    return (Problem(line=0, message=f"bytes that are no {parsed.encoding} were replaced by U+FFFD"), *problems)


def _reason(error: BaseException) -> str:
    """Why a file failed, for people; of what nobody foresaw, also where in the code."""
    if isinstance(error, LineageError):
        return f"{error.message} {error.hint}".strip()
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the parser failed with {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"


def part_of(versions: Sequence[FileVersion]) -> str:
    """A name for the part of a batch that these files are: the same every time, and no other part's."""
    paths = "\0".join(version.path for version in versions)
    return hashlib.blake2b(paths.encode(), digest_size=6).hexdigest()
