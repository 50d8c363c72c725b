"""Walks folders for SQL files, fast: 20,000 files in well under a second."""
# ruff: noqa: PTH110, PTH112, PTH114, PTH118
# Paths are plain strings here: a Path for each of 20,000 entries takes longer than reading the folders.

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.source.identity import inside, name_identity
from lineage_core.source.ignore import IGNORE_FILE, VCS_FOLDERS, IgnoreRules, left_out, read_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECIAL_FILES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a walk met: identity, absolute path, size in bytes."""

    path: str
    location: str
    size: int


@dataclass(slots=True)
class Walk:
    """The walks of one run: what they leave out, and what they noticed on the way.

    Symbolic links inside a folder are not followed: what they point to inside the root is found by its own path, once,
    and what lies outside does not belong to the project. They are listed in `skipped`.
    """

    root: str
    """Absolute path of the project root."""
    pruned: frozenset[str] = frozenset()
    """Absolute paths of folders never entered: what the project itself keeps in the data folder."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Identities of folders and files that could not be looked at."""

    def files(self, top: str, identity: str, suffixes: tuple[str, ...]) -> Iterator[Found]:
        """The SQL files below a folder, in no particular order.

        Args:
            top: absolute path of the folder.
            identity: its identity.
            suffixes: lower-case, with their dot; names match in any case.
        """
        pending = [(top, identity, self._rules_above(top))]
        while pending:
            folder, path, rules = pending.pop()
            entries = self._entries(folder, path)
            if any(entry.name == IGNORE_FILE for entry in entries):
                rules = self._rules(folder, path, rules)
            prefix = path + "/" if path else ""
            for entry in entries:
                if left_out(entry.name):
                    continue
                child = prefix + name_identity(entry.name)
                wanted = entry.name.lower().endswith(suffixes)
                if entry.is_symlink():
                    self._note_link(entry, child, wanted=wanted)
                elif entry.is_dir(follow_symlinks=False):
                    if self._enters(entry, rules):
                        pending.append((entry.path, child, rules))
                elif wanted and not (rules and rules.ignores(entry.path, folder=False)):
                    yield from self._file(entry, child)

    def reaches(self, path: str, *, folder: bool) -> bool:
        """Whether a walk from the root would take a file, or enter a folder, that is there.

        Args:
            path: absolute, below the root or the root itself.
            folder: what it is.
        """
        if path == self.root:
            return True
        rules: IgnoreRules | None = None
        above = self.root
        parts = os.path.relpath(path, self.root).split("/")
        for depth, part in enumerate(parts, 1):
            if os.path.lexists(os.path.join(above, IGNORE_FILE)):
                rules, _ = read_rules(above, rules)
            above = os.path.join(above, part)
            is_folder = folder or depth < len(parts)
            if left_out(part) or (is_folder and (part in VCS_FOLDERS or above in self.pruned)):
                return False
            if os.path.islink(above) or (rules and rules.ignores(above, folder=is_folder)):
                return False
        return True

    def note(self, path: str, message: str) -> None:
        """Record something that could not be looked at."""
        self.problems.append((path, message))
        self.unknown.append(path)

    def _entries(self, folder: str, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []  # deleted since its parent was listed
        except OSError as error:
            self.note(path or ".", f"the folder cannot be read: {error.strerror}")
            return []

    def _enters(self, entry: os.DirEntry[str], rules: IgnoreRules | None) -> bool:
        if entry.name in VCS_FOLDERS or entry.path in self.pruned:
            return False
        return not (rules and rules.ignores(entry.path, folder=True))

    def _file(self, entry: os.DirEntry[str], path: str) -> Iterator[Found]:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # deleted since the folder was listed
        except OSError as error:
            self.note(path, f"the file cannot be looked at: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            yield Found(path, entry.path, status.st_size)
        else:
            self.note(path, f"not a file but {special_kind(status.st_mode)}")

    def _note_link(self, entry: os.DirEntry[str], path: str, *, wanted: bool) -> None:
        folder = os.path.isdir(entry.path)
        if not (folder or wanted):
            return
        target = os.path.realpath(entry.path)
        if not os.path.exists(entry.path):
            self.note(path, f"a symbolic link to {name_identity(target)}, which does not exist or leads back to itself")
        elif inside(target, os.path.realpath(self.root)):
            self.skipped.append((path, "a symbolic link; what it points to is taken by its own path"))
        else:
            self.skipped.append((path, f"a symbolic link out of the project root, to {name_identity(target)}"))

    def _rules(self, folder: str, path: str, above: IgnoreRules | None) -> IgnoreRules | None:
        rules, problems = read_rules(folder, above)
        name = f"{path}/{IGNORE_FILE}" if path else IGNORE_FILE
        self.problems += [(name, message) for message in problems]
        return rules

    def _rules_above(self, top: str) -> IgnoreRules | None:
        """Rules of the folders from the root down to `top`, itself not included; none if they ignore `top` itself.

        A folder given by name is wanted, whatever the project ignores otherwise.
        """
        if top == self.root or not inside(top, self.root):
            return None
        rules: IgnoreRules | None = None
        folder = self.root
        for part in os.path.relpath(top, self.root).split("/"):
            if os.path.lexists(os.path.join(folder, IGNORE_FILE)):
                rules, _ = read_rules(folder, rules)
            folder = os.path.join(folder, part)
            if rules and rules.ignores(folder, folder=True):
                return None
        return rules


def special_kind(mode: int) -> str:
    """What a path that is neither file nor folder is, in words."""
    return next((words for test, words in SPECIAL_FILES if test(mode)), "something else")
