"""The folder of a run below the data folder: what its stages hand on, kept for a while if the run fails."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lineage_core.errors import DataFolderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.settings import Settings

KEEP_DAYS = 7
"""Days that the folder of a failed run is kept, to be looked at."""

_DAY = 86_400


def make_runs_folder(settings: Settings) -> None:
    """Make the folder of all runs, and find out whether it can be written.

    Raises:
        DataFolderError: it cannot.
    """
    with _writable(settings.runs_dir):
        settings.runs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = settings.runs_dir / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)


def make_run_folder(settings: Settings, run_id: str) -> Path:
    """Make the folder of one run; those of runs that failed long ago go.

    Raises:
        DataFolderError: it cannot be made.
    """
    folder = settings.runs_dir / run_id
    with _writable(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        oldest = time.time() - KEEP_DAYS * _DAY
        for other in settings.runs_dir.iterdir():
            with suppress(FileNotFoundError):  # of a run that has just ended
                if other != folder and other.is_dir() and other.stat().st_mtime < oldest:
                    discard_run_folder(other)
    return folder


def discard_run_folder(folder: Path) -> None:
    """Delete the folder of a run that needs no retry."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataFolderError(
            f"{folder} cannot be made: {error.strerror or error}.",
            hint="LINEAGE_DATA_DIR must name a folder that can be written.",
        ) from error
