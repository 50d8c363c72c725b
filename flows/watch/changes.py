"""Events of the file system to the paths a run has to look at, by the rules of discovery.

What is on the disk now counts, not what the event says: events come late, in any order and doubled.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import Change

from lineage_core.source.discover import project_walk
from lineage_core.source.identity import file_identity, inside
from lineage_core.source.ignore import IGNORE_FILE, VCS_FOLDERS, left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from watchfiles.main import FileChange

    from lineage_core.settings import Settings


@dataclass(slots=True)
class Seen:
    """What a batch of events comes to."""

    paths: set[str] = field(default_factory=set)
    """Files to ingest, there or gone; folders that are gone, or in which other files are wanted now."""
    folders: dict[str, set[str]] = field(default_factory=dict)
    """New folders with their files. What is made in one before the kernel watches it has no event: look again soon."""


class Changes:
    """The rules of one watch. Knows which folders hold SQL files, as a path that is gone does not tell what it was."""

    def __init__(self, settings: Settings, tops: Iterable[str]) -> None:
        self._settings = settings
        self._tops = tuple(tops)
        self._walk = project_walk(settings)
        self._folders: set[str] = set()

    def know(self, files: Iterable[str]) -> None:
        """Remember the folders of SQL files (absolute paths)."""
        for file in files:
            folder = os.path.dirname(file)  # noqa: PTH120 - 20,000 of them at the start
            while folder not in self._folders and any(inside(folder, top) for top in self._tops):
                self._folders.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120

    def of(self, events: Iterable[FileChange]) -> Seen:
        """What the events are about; most are about nothing of ours."""
        kinds: dict[str, set[Change]] = {}
        for change, path in events:
            kinds.setdefault(path, set()).add(change)
        seen = Seen()
        for path, changes in kinds.items():
            if path not in self._tops and not _noise(path):
                self._sort(path, changes, seen)
        self.know(path for path in seen.paths if self._wanted_name(path))
        return seen

    def below(self, folder: str) -> set[str]:
        """The SQL files in a folder now."""
        walk = project_walk(self._settings)  # a new one: it notes what it could not look at
        if not walk.reaches(folder, folder=True):
            return set()
        identity = file_identity(folder, walk.root)
        found = {file.location for file in walk.files(folder, identity, self._settings.suffixes)}
        self.know(found)
        return found

    def _sort(self, path: str, changes: set[Change], seen: Seen) -> None:
        if Path(path).name == IGNORE_FILE:
            seen.paths |= set(self._reached(str(Path(path).parent), folder=True))
            return
        wanted = self._wanted_name(path)
        if not wanted and changes == {Change.modified}:
            return
        mode = _mode(path)
        if mode is not None and stat.S_ISDIR(mode):
            self._sort_folder(path, changes, seen)
        elif wanted:
            seen.paths |= set(self._reached(path, folder=False))
        elif mode is None and path in self._folders:
            self._folders = {folder for folder in self._folders if not inside(folder, path)}
            seen.paths.add(path)

    def _sort_folder(self, path: str, changes: set[Change], seen: Seen) -> None:
        if Change.deleted in changes and path in self._folders:
            seen.paths.add(path)  # another one took its place: files of the first may be gone
        if Change.added in changes:
            seen.folders[path] = self.below(path)
            seen.paths |= seen.folders[path]

    def _wanted_name(self, path: str) -> bool:
        return path.lower().endswith(self._settings.suffixes)

    def _reached(self, path: str, *, folder: bool) -> Iterator[str]:
        if path in self._tops or self._walk.reaches(path, folder=folder):
            yield path


def _noise(path: str) -> bool:
    """Most of what an editor or git does, told by the name alone."""
    name = path.rpartition("/")[2]
    return name != IGNORE_FILE and (left_out(name) or name in VCS_FOLDERS)


def _mode(path: str) -> int | None:
    """What is there, links not followed; None if nothing is."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None
