"""Which database the settings give to which file's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from lineage_core.settings import Settings


class DatabasePatterns:
    """The settings' databases by path; the last pattern that matches wins, else the default database."""

    def __init__(self, settings: Settings) -> None:
        self._default = settings.default_database.lower()
        self._rules = [
            (GitIgnoreSpec.from_lines([pattern]), name.lower()) for pattern, name in settings.databases.items()
        ]

    def of(self, path: str) -> str:
        """The database of a file by its identity; empty where nothing tells."""
        return next((name for spec, name in reversed(self._rules) if spec.match_file(path)), self._default)
