"""The errors a user can meet: each says what happened, where, and what to do next."""

from __future__ import annotations


class LineageError(Exception):
    """Base of every error this project raises on purpose.

    The message names the file, line, setting or row it is about; `hint` is the next step for a person.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and next step, one line each."""
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class SettingsError(LineageError):
    """A setting, environment variable or command-line value cannot be used."""


class SourceError(LineageError):
    """A path given to ingest is missing, unreadable or not what it should be."""


class ParseError(LineageError):
    """A text cannot be parsed at all (a bad statement alone does not raise: it is recorded)."""


class UnknownDialectError(ParseError):
    """A dialect name that is not supported; the message lists those that are."""


class CacheError(LineageError):
    """The parse cache's folder cannot be used."""


class DataFolderError(LineageError):
    """The data folder (LINEAGE_DATA_DIR) cannot be written or read: full, read-only, or not a folder."""


class DatabaseError(LineageError):
    """Neo4j cannot be reached, refuses the login, or refuses a statement."""


class ServerError(LineageError):
    """The embedded Neo4j or the Prefect server cannot be installed, started or stopped."""


class ClusterError(LineageError):
    """The Dask cluster that is to parse cannot be used: not there, without workers, or of another version."""


class ClusterLostError(ClusterError):
    """The cluster was there, and went away in the middle of the work; what was not answered may be asked again."""


class RowError(LineageError):
    """A graph row that the database would refuse, or would silently turn into something else."""
