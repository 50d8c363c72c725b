"""Prefect's settings of the runs to come, read before the fork: 0.1 to 0.2 s that no run waits for."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prefect.settings import Settings

_OF_ONE_RUN = "PREFECT__"
"""Names that begin so tell a process which run it is of; no setting is read from them."""

_FILES = (".env", "prefect.toml", "pyproject.toml")


class RunSettings:
    """The settings that a new process would read, and logging set up by them; read again once they may be others."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._sources: object = None

    def read(self, environment: Mapping[str, str], folder: str) -> Settings:
        """Those of a run with this environment and folder.

        Raises:
            OSError, ValueError: they cannot be read, or are no settings.
        """
        with _in_place_of(environment, folder):
            if self._settings is None or self._sources != _sources(environment, self._settings):
                self._settings = _read()
                self._sources = _sources(environment, self._settings)
        return self._settings


def _read() -> Settings:
    from prefect.context import SettingsContext, get_settings_context
    from prefect.logging.configuration import setup_logging
    from prefect.settings import Settings

    settings = Settings()
    with SettingsContext(profile=get_settings_context().profile, settings=settings):
        setup_logging()
    return settings


def _sources(environment: Mapping[str, str], settings: Settings) -> object:
    """What the settings follow from: variables, and files as they are now."""
    variables = {name: value for name, value in environment.items() if not name.startswith(_OF_ONE_RUN)}
    files = (*(Path.cwd() / name for name in _FILES), settings.profiles_path)
    return variables, {path: stamp for path in files if (stamp := _stamp(path))}  # the folder is of one run too


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@contextmanager
def _in_place_of(environment: Mapping[str, str], folder: str) -> Iterator[None]:
    """With another environment and folder; this process has one thread, so that nobody else sees it."""
    own, here = dict(os.environ), Path.cwd()
    try:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        yield
    finally:
        os.environ.clear()
        os.environ.update(own)
        os.chdir(here)
