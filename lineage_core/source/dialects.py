"""Which dialect the settings give to which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import PathSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from lineage_core.errors import SettingsError, UnknownDialectError
from lineage_core.sql.dialects import dialect as dialect_named

if TYPE_CHECKING:
    from lineage_core.settings import Settings


class DialectPatterns:
    """The settings' dialects, checked once: an unknown name stops the run before the first file is read.

    Raises:
        SettingsError: naming the setting, and the known dialects or what is wrong with the pattern.
    """

    def __init__(self, settings: Settings) -> None:
        self._default = _known("INGEST_DIALECT", settings.dialect) if settings.dialect else ""
        self._names = [_known(f"INGEST_DIALECTS, {pattern!r}", name) for pattern, name in settings.dialects.items()]
        self._spec = PathSpec([_pattern(text) for text in settings.dialects])

    def of(self, path: str) -> str:
        """The dialect of a file by its identity; the last pattern that matches wins. Empty: found from the content."""
        match = self._spec.check_file(path).index
        return self._default if match is None else self._names[match]


def _known(setting: str, name: str) -> str:
    try:
        return dialect_named(name).name
    except UnknownDialectError as error:
        raise SettingsError(f"{setting}: {error.message}", hint=error.hint) from error


def _pattern(text: str) -> GitIgnoreSpecPattern:
    try:
        pattern = GitIgnoreSpecPattern(text)
    except ValueError as error:
        raise SettingsError(f"INGEST_DIALECTS: {text!r} is no gitignore pattern: {error}.") from error
    if pattern.include is not True:
        raise SettingsError(
            f"INGEST_DIALECTS: {text!r} matches nothing, since it is empty, a comment or negated.",
            hint='Give a pattern in gitignore syntax, for example {"pg/": "postgres"}; the last one that matches wins.',
        )
    return pattern
