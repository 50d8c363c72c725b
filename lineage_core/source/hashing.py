"""A file's SHA-256: what says whether its content changed."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime
from typing import IO

from lineage_core.model.files import FileVersion, SourceFile
from lineage_core.source.walk import special_kind

_ATTEMPTS = 2
_BLOCK = 2**20
"""Bytes read at a time. Most files are smaller: one read, into no more memory than they need."""


def hash_file(file: SourceFile, dialect: str = "") -> FileVersion:
    """The version of a file that is on disk now, read in pieces and never held whole.

    Args:
        file: as found by discovery.
        dialect: what `DialectPatterns.of` gives for its path.

    Returns:
        The version; its `error` says, for people, why the content could not be read: gone, not permitted, not a file,
        or still being written at the second attempt.
    """
    try:
        for _ in range(_ATTEMPTS):
            version = _read_version(file, dialect)
            if version is not None:
                return version
    except OSError as error:
        return _failed(file, dialect, f"cannot be read: {error.strerror or error}")
    return _failed(file, dialect, "is being written to while it is read; run again when it is complete")


def open_regular(location: str) -> int:
    """A descriptor of a regular file; a pipe that took its place since discovery does not block.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    descriptor = os.open(location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    kind = "a folder" if stat.S_ISDIR(mode) else special_kind(mode)
    raise OSError(f"not a file but {kind}")


def _read_version(file: SourceFile, dialect: str) -> FileVersion | None:
    """None if the file changed while it was read."""
    with open(open_regular(file.location), "rb", buffering=0) as stream:
        observed_at = datetime.now(UTC).isoformat()
        before = os.fstat(stream.fileno())
        sha256, read = _digest(stream, before.st_size)
        after = os.stat(file.location)  # noqa: PTH116 - to make a Path takes as long as to hash a small file
    if _mark(before) != _mark(after) or read != after.st_size:
        return None
    return FileVersion(
        path=file.path,
        location=file.location,
        sha256=sha256,
        size=read,
        mtime_ns=after.st_mtime_ns,
        observed_at=observed_at,
        dialect=dialect,
    )


def _digest(stream: IO[bytes], size: int) -> tuple[str, int]:
    """The SHA-256 of what can be read, hex, and how many bytes that were; `size` are expected."""
    digest, read = hashlib.sha256(), 0
    while block := stream.read(min(size + 1, _BLOCK)):
        digest.update(block)
        read += len(block)
    return digest.hexdigest(), read


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file is written to or replaced."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _failed(file: SourceFile, dialect: str, error: str) -> FileVersion:
    return FileVersion(
        path=file.path,
        location=file.location,
        size=file.size,
        observed_at=datetime.now(UTC).isoformat(),
        dialect=dialect,
        error=error,
    )
