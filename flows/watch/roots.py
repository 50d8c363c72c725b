"""The watched folders: whether each is there, which a share that is not mounted is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.errors import SettingsError, SourceError
from lineage_core.source.identity import absolute, inside, name_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.settings import Settings


class Root:
    """One watched folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        mark = self.mark()
        self._device = mark[0] if mark else None

    def mark(self) -> tuple[int, int] | None:
        """Device and inode, to tell one folder from another in its place; None if no folder is there."""
        try:
            status = Path(self.path).stat()
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if Path(self.path).is_dir() else None

    def is_there(self) -> bool:
        """Whether the folder is there. An empty one on another device is what an unmounted share leaves behind."""
        mark = self.mark()
        if mark is None:
            return False
        if self._device is None:
            self._device = mark[0]
        if mark[0] != self._device and _is_empty(self.path):
            return False
        self._device = mark[0]
        return True


def roots_of(paths: Sequence[str], settings: Settings) -> list[Root]:
    """The folders to watch: the given ones or the project's root; one that lies in another is left to that.

    Raises:
        SettingsError: a folder is outside of the project's root.
        SourceError: a folder is not there, or is no folder.
    """
    root = absolute(settings.root)
    tops = sorted({absolute(path) for path in paths} or {root})
    for top in tops:
        if not inside(top, root):
            raise SettingsError(
                f"{name_identity(top)} is outside of the project root {name_identity(root)}.",
                hint="Set INGEST_ROOT to a folder that holds everything to be watched.",
            )
        if not Path(top).is_dir():
            raise SourceError(f"{name_identity(top)} is no folder.", hint="Give a folder that is there to be watched.")
    kept = [top for top in tops if not any(top != other and inside(top, other) for other in tops)]
    return [Root(top) for top in kept]


def _is_empty(path: str) -> bool:
    try:
        return next(Path(path).iterdir(), None) is None
    except OSError:
        return True
