"""Which files a run has to ingest: changed ones, ones that are gone, ones that the catalog answers differently."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.ingest.link_stage import INGEST_VERSION, namings
from lineage_core.link.catalog import to_text
from lineage_core.link.definitions import unpack
from lineage_core.link.lookup import DATABASE_MARK
from lineage_core.model.files import FileStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lineage_core.graph.reads import FileState, FileTies, Written
    from lineage_core.link.answers import Answers
    from lineage_core.link.catalog import Catalog
    from lineage_core.link.definitions import Definitions
    from lineage_core.model.files import FileVersion
    from lineage_core.settings import Settings

FEW_DELETIONS = 20
"""A run may always delete as many files, whatever share of the project they are."""

_LOG = logging.getLogger(__name__)


def differs(version: FileVersion, state: FileState | None) -> bool:
    """Whether the graph has no such file, another content of it, read it by another parser or dialect, or failed."""
    if state is None or version.error or state.status == FileStatus.FAILED:
        return True
    other_dialect = bool(version.dialect) and version.dialect != state.dialect
    return version.sha256 != state.sha256 or not is_current(state) or other_dialect


def is_current(state: FileState) -> bool:
    """Whether the file is in the graph, whole, as this version of the project reads it."""
    return bool(state.sha256) and state.parser_version == INGEST_VERSION


def too_many_deletions(gone: Collection[str], known: Collection[str], share: float) -> bool:
    """Whether the deletions look like a folder that is not there, as an unmounted share, rather than like work.

    Args:
        gone: files to delete.
        known: files in the graph.
        share: of the project's files, 0 to 1, that one run may delete.
    """
    return len(gone) > FEW_DELETIONS and len(gone) > share * len(known)


@dataclass(frozen=True, slots=True)
class Known:
    """What the graph knows of the project's files that ties them to each other."""

    definitions: list[tuple[str, Definitions]]
    """Those of the files that define something, each with its path."""
    asked: dict[str, tuple[str, ...]]
    """The names that each has asked the catalog for."""

    @classmethod
    def of(cls, ties: Iterable[FileTies], states: Mapping[str, FileState], without: Collection[str]) -> Known:
        """From what was read.

        Args:
            ties: of all files.
            states: the File nodes.
            without: files whose definitions come from elsewhere, or that are gone.
        """
        definitions: list[tuple[str, Definitions]] = []
        asked: dict[str, tuple[str, ...]] = {}
        for path, packed, names in ties:
            asked[path] = names
            state = states.get(path)
            if path in without or state is None or not is_current(state):
                continue
            try:
                found = unpack(packed)
            except ValueError as error:
                _LOG.warning("%s: what it defines is not known to this run (%s). Ingest it with --force.", path, error)
                continue
            if found is not None:
                definitions.append((path, found))
        return cls(definitions, asked)


def answered_otherwise(
    states: Iterable[FileState], asked: Mapping[str, Collection[str]], answers: Answers, settings: Settings
) -> set[str]:
    """Files whose questions the catalog answers in another way than when they were linked.

    A file without an answer was marked by a run that ended before it linked the file anew.
    """
    naming_of = namings(settings)
    return {
        state.path
        for state in states
        if state.status != FileStatus.FAILED
        and state.answered != answers.digest(asked.get(state.path, ()), naming_of(state.path, state.dialect or "ansi"))
    }


def deciders(names: Collection[str], catalog: Catalog) -> set[str]:
    """Files that decide the properties of what has one of these bare names.

    Args:
        names: of objects, and of triggers, indexes and constraints; such as a file asked for.
        catalog: of the whole project.
    """
    found: set[str] = set()
    for key in map(to_text, (key for name in names for key in catalog.named(name))):
        if (asset := catalog.assets.get(key)) is not None:
            found |= {asset.path, *(column.path for column in asset.columns)}
        if (routine := catalog.routines.get(key)) is not None:
            found.add(routine.path)
    return found | {path for part, path in catalog.parts.items() if part.rpartition(DATABASE_MARK)[2] in names}


def written_by_others(
    before: Mapping[str, Written],
    now: Mapping[str, Written],
    run_id: str,
    written: AbstractSet[str],
    deleted: AbstractSet[str],
) -> bool:
    """Whether another run wrote or deleted a file since this one looked.

    Args:
        before: the write that each File node was of when this run looked.
        now: the same now.
        run_id: this run's.
        written: files that this run has written since.
        deleted: files that it has deleted.
    """
    wrote = any(write != before.get(path) and write[0] != run_id for path, write in now.items())
    return wrote or bool((before.keys() | written) - deleted - now.keys())
