"""What part of the project a run covers: a file the graph knows there and the disk no longer has was deleted."""

from __future__ import annotations

from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from lineage_core.source.identity import inside


@dataclass(frozen=True, slots=True)
class GlobScope:
    """The paths below `folder` (an identity) that a glob matches; `**` is any number of folders."""

    folder: str
    pattern: str
    """In gitignore syntax, relative to `folder`."""

    def covers(self, path: str) -> bool:
        """Whether the glob matches an identity."""
        if not _below(path, self.folder):
            return False
        relative = path[len(self.folder) :].lstrip("/")
        return GitIgnoreSpec.from_lines([self.pattern]).match_file(relative)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The folders, files and globs of a run, as identities, without what could not be looked at.

    `unknown` are folders and files that could not be read: nothing can be said of what is in them, so nothing that the
    graph holds of them counts as deleted.
    """

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    globs: tuple[GlobScope, ...] = ()
    unknown: tuple[str, ...] = ()

    def covers(self, path: str) -> bool:
        """Whether this run would have found the file of that identity, if it were there."""
        if any(inside(path, unknown) for unknown in self.unknown):
            return False
        return (
            path in self.files
            or any(_below(path, folder) for folder in self.folders)
            or any(glob.covers(path) for glob in self.globs)
        )


def _below(path: str, folder: str) -> bool:
    """The root's identity is "": every relative path is below it, and no absolute one."""
    return inside(path, folder) if folder else not path.startswith("/")
