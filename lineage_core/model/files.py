"""A file on disk as the pipeline sees it: where it is, which version was read, how it was decoded."""

from __future__ import annotations

from enum import StrEnum

from pydantic.dataclasses import dataclass


class FileStatus(StrEnum):
    """How a file came through: everything understood, some statements not, or the file as a whole not."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file found by discovery. `path` is its identity in the graph: POSIX, relative to the project root."""

    path: str
    location: str
    """Absolute path on this machine."""
    size: int = 0
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """One observed content of a file. `sha256` is of its bytes, hex; `error` set means it could not be read."""

    path: str
    location: str
    sha256: str = ""
    size: int = 0
    mtime_ns: int = 0
    observed_at: str = ""
    """When it was read: ISO 8601, UTC."""
    dialect: str = ""
    """Given by a path pattern of the settings; empty: found from the content."""
    error: str = ""
