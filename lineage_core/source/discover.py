"""Paths, folders and globs to the SQL files of a run, always in the same order."""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from lineage_core.errors import SourceError
from lineage_core.model.files import SourceFile
from lineage_core.source.identity import absolute, file_identity, name_identity
from lineage_core.source.scopes import GlobScope, Scopes
from lineage_core.source.walk import Found, Walk, special_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.settings import Settings

_MAGIC = re.compile(r"[*?[]")
_LITERAL_SUFFIX = re.compile(r"\.[^.*?\[\]/]+$")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a run is about."""

    files: list[SourceFile]
    """Sorted by path, each once."""
    scopes: Scopes
    """What part of the project was looked at: `scopes.covers(path)` and not in `files` means deleted."""
    problems: list[tuple[str, str]]
    """(path, message) of what could not be looked at: a dangling link, an unreadable folder, a pipe named x.sql."""
    skipped: list[tuple[str, str]]
    """(path, message) of symbolic links that were not followed. Nothing is wrong with them."""
    looked_at: str = ""
    """When it began to look, ISO 8601 UTC: what is not in `files` was not there at some time after that."""

    def covers(self, path: str) -> bool:
        """Whether this run would have found the file of that identity, if it were there."""
        return self.scopes.covers(path)


def discover(paths: Sequence[str | Path], settings: Settings) -> Discovery:
    """Find the SQL files of the given paths.

    Folders and globs (`**` is any number of folders) give the files with one of `settings.suffixes`, in any case,
    without those of `lineage_core.source.ignore`. A file given by itself is taken whatever it is called, and a folder
    given by itself is entered even if it is hidden or ignored.

    Args:
        paths: files, folders or globs, relative to the current folder.
        settings: `root`, `suffixes` and the data folder are used.

    Raises:
        SourceError: no path, a path that does not exist, a glob that matches no SQL file, a pipe or device.
    """
    if not paths:
        raise SourceError("No path to ingest was given.", hint="Give a file, a folder or a glob, for example: sql/")
    search = _Search(settings)
    for path in paths:
        search.add(os.fspath(path))
    return search.result()


def project_walk(settings: Settings) -> Walk:
    """A walk of the project that leaves out what the project itself keeps."""
    kept = (settings.neo4j_home, settings.prefect_dir, settings.runs_dir)
    return Walk(absolute(settings.root), frozenset(absolute(folder) for folder in kept))


class _Search:
    """Collects what the arguments give, each file once."""

    def __init__(self, settings: Settings) -> None:
        self._looked_at = datetime.now(UTC).isoformat()
        self._walk = project_walk(settings)
        self._root = self._walk.root
        self._suffixes = settings.suffixes
        self._found: dict[str, Found] = {}
        self._folders: list[str] = []
        self._files: list[str] = []
        self._globs: list[GlobScope] = []

    def result(self) -> Discovery:
        """Everything added so far."""
        walk = self._walk
        found = sorted(self._found.values(), key=lambda file: file.path)
        return Discovery(
            files=[SourceFile(path=file.path, location=file.location, size=file.size) for file in found],
            scopes=Scopes(tuple(self._folders), tuple(self._files), tuple(self._globs), tuple(walk.unknown)),
            problems=sorted(set(walk.problems)),
            skipped=sorted(set(walk.skipped)),
            looked_at=self._looked_at,
        )

    def add(self, argument: str) -> None:
        """Take one argument of the command line."""
        if not argument or "\0" in argument:
            raise SourceError(f"{argument!r} is no path.", hint="Give a file, a folder or a glob, for example: sql/")
        path = absolute(argument)
        if not os.path.lexists(path) and _MAGIC.search(argument):
            self._add_glob(argument, path)
            return
        status = _status(argument, path)
        identity = file_identity(path, self._root)
        if stat.S_ISDIR(status.st_mode):
            self._folders.append(identity)
            self._take(self._walk.files(path, identity, self._suffixes))
        elif stat.S_ISREG(status.st_mode):
            self._files.append(identity)
            self._take(iter([Found(identity, path, status.st_size)]))
        else:
            raise SourceError(
                f"{argument} is not a file but {special_kind(status.st_mode)}.",
                hint="Write its content to a file and give that.",
            )

    def _add_glob(self, argument: str, path: str) -> None:
        folder, pattern = _split_glob(path)
        scope = GlobScope(file_identity(folder, self._root), _gitignore(pattern))
        self._globs.append(scope)
        if not (Path(folder).is_dir() and self._take(self._matching(folder, scope, pattern))):
            raise SourceError(
                f"{argument} matches no SQL file.",
                hint=f"{_start()} Files end in {', '.join(self._suffixes)}: INGEST_SUFFIXES takes others.",
            )

    def _matching(self, folder: str, scope: GlobScope, pattern: str) -> Iterator[Found]:
        """A glob that ends in a suffix of its own, such as `*.ddl`, takes files of that suffix too."""
        own = _LITERAL_SUFFIX.findall(pattern.lower())
        spec = GitIgnoreSpec.from_lines([scope.pattern])
        start = len(folder.rstrip("/")) + 1
        for file in self._walk.files(folder, scope.folder, (*self._suffixes, *own)):
            if spec.match_file(file.location[start:]):
                yield file

    def _take(self, found: Iterator[Found]) -> int:
        """Add files; the number of them, those that were there already included."""
        count = 0
        for file in found:
            count += 1
            known = self._found.setdefault(file.path, file)
            if known.location != file.location and os.path.realpath(known.location) != os.path.realpath(file.location):
                self._walk.note(file.path, f"a second file of this name, left out: {name_identity(file.location)}")
        return count


def _status(argument: str, path: str) -> os.stat_result:
    """What is at a path that was given by name."""
    try:
        return Path(path).stat()
    except FileNotFoundError:
        if Path(path).is_symlink():
            target = name_identity(os.path.realpath(path))
            raise SourceError(
                f"{argument} is a symbolic link to {target}, which does not exist.", hint="Mend or remove the link."
            ) from None
        raise SourceError(f"{argument} does not exist.", hint=f"{_start()}{_meant(path)}") from None
    except OSError as error:
        raise SourceError(f"{argument} cannot be looked at: {error.strerror}.", hint=_start()) from error


def _start() -> str:
    return f"Relative paths start at {Path.cwd()}."


def _meant(path: str) -> str:
    """The nearest names in the folder that should have held the path."""
    missing = Path(path)
    try:
        names = [item.name for item in missing.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(missing.name, names, n=3)
    return f" Did you mean {' or '.join(name_identity(item) for item in near)}?" if near else ""


def _split_glob(path: str) -> tuple[str, str]:
    """The folder before the first part with a wildcard, and the rest."""
    parts = path.split("/")
    first = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    return "/".join(parts[:first]) or "/", "/".join(parts[first:])


def _gitignore(pattern: str) -> str:
    """A shell's pattern in gitignore syntax: anchored, its backslashes and last blank literal."""
    text = pattern.replace("\\", "\\\\")
    if text.endswith(" "):
        text = f"{text[:-1]}\\ "
    return f"/{text}"
