"""diskcache's storage cut down to bytes under text keys, so that nothing in it can reach pickle (CVE-2025-69872)."""

from __future__ import annotations

import re
from typing import Any

from diskcache import Disk

from lineage_core.cache.entry import DamagedEntryError

# diskcache's numbers for how a value is stored (its core.py): in the row, or as a file of its own.
IN_ROW = 1
IN_FILE = 2

_FILE_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{28}\.val")


class BytesDisk(Disk):  # type: ignore[misc]  # diskcache is not annotated
    """Stores bytes, reads bytes, and refuses everything else that a row may claim to hold."""

    def put(self, key: object) -> tuple[str, bool]:
        """A key as the database keeps it."""
        if type(key) is not str:
            raise TypeError(f"keys of the parse cache are text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        """A key from the database."""
        if not raw or type(key) is not str:
            raise DamagedEntryError("its key is not text")
        return key

    def store(self, value: object, read: bool, key: object = None) -> Any:  # noqa: FBT001 - diskcache's signature
        """Bytes to (size, mode, file name, value in the row)."""
        if type(value) is not bytes or read:
            raise TypeError(f"values of the parse cache are bytes, not {type(value).__name__}")
        return super().store(value, read, key)

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:  # noqa: FBT001 - the same
        """The bytes of a row.

        Raises:
            DamagedEntryError: the row holds something else, or names a file that cannot be the cache's.
            OSError: its file is missing.
        """
        if mode == IN_ROW and type(value) is bytes:
            return value
        if mode == IN_FILE and type(filename) is str and _FILE_NAME.fullmatch(filename) and not read:
            content = super().fetch(mode, filename, value, read)
            if type(content) is bytes:
                return content
        raise DamagedEntryError(f"it is stored as nothing that this cache writes (mode {mode!r})")

    def remove(self, file_path: str) -> None:
        """Delete a value's file, and never another one that a damaged row may name."""
        if _FILE_NAME.fullmatch(file_path):
            super().remove(file_path)
