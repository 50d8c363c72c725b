"""Parsing as work that any pool can do: on this machine from cache and disk, on another from what is sent to it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lineage_core.cache.entry import facts_key, unpack
from lineage_core.cache.parse_cache import ParseCache
from lineage_core.ingest.cluster.parcel import MOST_BYTES, Parcel, SentFile
from lineage_core.ingest.executor import Portable
from lineage_core.ingest.file_facts import read_whole, unreadable
from lineage_core.ingest.parse_stage import FileParse, ParseOptions, parse_files, part_of, spool_facts
from lineage_core.ingest.spool import Spool
from lineage_core.model.files import FileVersion
from lineage_core.sql.parse import PARSER_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lineage_core.ingest.cluster.parcel import Returned
    from lineage_core.settings import Settings


@dataclass(frozen=True, slots=True)
class ParseWork(Portable[FileVersion, FileParse]):
    """Files to what came of them, their facts in the spool, whoever parsed them.

    Raises:
        CacheError, DataFolderError: as `parse_files`.
    """

    options: ParseOptions
    shared: bool = False
    """The other machine sees the files under the same paths."""

    @classmethod
    def of(cls, settings: Settings, run_dir: Path, batch: int) -> ParseWork:
        """From the settings, the run's folder and the batch."""
        return cls(ParseOptions.of(settings, run_dir, batch), settings.dask_shared_files)

    def __call__(self, versions: Sequence[FileVersion]) -> list[FileParse]:
        """Parse here."""
        return parse_files(versions, self.options)

    def may_travel(self, versions: Sequence[FileVersion]) -> list[bool]:
        """Everything but what the cache has, what could not be read, and what is too large to be sent."""
        with ParseCache(self.options.cache) if self.options.cache else nullcontext() as cache:
            return [
                not version.error
                and (self.shared or version.size <= MOST_BYTES)
                and not (cache and cache.holds(_key(version, version.sha256)))
                for version in versions
            ]

    def pack(self, versions: Sequence[FileVersion]) -> Callable[[], list[Returned]]:
        """The files' contents, as they are now, for a worker to parse."""
        from lineage_core.ingest.cluster.on_worker import WORKER_VERSION, parse_parcel  # parser processes do without

        sent = tuple(SentFile(version) if self.shared else _with_content(version) for version in versions)
        return partial(parse_parcel, Parcel(sent, self.options.seconds, self.options.large, WORKER_VERSION))

    def accept(self, versions: Sequence[FileVersion], answer: Sequence[Returned]) -> list[FileParse]:
        """What a worker found, into spool and cache.

        Raises:
            DamagedEntryError: it is not what was asked for.
        """
        found = {
            version.path: (_key(version, item.result.sha256), item.entry)
            for version, item in zip(versions, answer, strict=True)
            if item.entry
        }
        facts = [(path, unpack(entry, key).facts) for path, (key, entry) in found.items()]
        if self.options.cache is not None:
            with ParseCache(self.options.cache) as cache:
                for key, entry in found.values():
                    cache.put_packed(key, entry)
        if self.options.run_dir is not None:
            spool_facts(Spool(self.options.run_dir), self.options.batch, facts, part_of(versions))
        return [item.result for item in answer]


def _key(version: FileVersion, sha256: str) -> str:
    return facts_key(sha256, version.dialect, PARSER_VERSION)


def _with_content(version: FileVersion) -> SentFile:
    """A file that cannot be read any more is sent as that: the worker's answer says so as parsing here would."""
    try:
        return SentFile.of(version, read_whole(version.location))
    except OSError as error:
        return SentFile(replace(version, error=unreadable(error)))
