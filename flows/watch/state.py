"""What a watcher still has to do and how it is, as a file: a killed one goes on where it was, and `status` can tell."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from flows.local_prefect import ProcessId
from flows.project_key import project_key
from lineage_core.errors import DataFolderError
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from lineage_core.settings import Settings


class Batch(BaseModel):
    """Paths on their way to Prefect. Sent again after a failure with the same `key`, they make one run only."""

    key: str
    paths: list[str]


class Moment(BaseModel):
    """Something that happened. `at` is ISO 8601, UTC."""

    at: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    message: str


class WatchState(BaseModel):
    """A watcher of one project. `pending` and `batch` are what the next one must not lose; the rest is for people."""

    process: ProcessId
    host: str = Field(default_factory=socket.gethostname)
    project: str
    root: str
    roots: list[str]
    pending: list[str] = []
    batch: Batch | None = None
    held: str = ""
    """Why changes wait although their window has closed; empty if they don't."""
    missing: list[str] = []
    """Roots that are not there now."""
    last_trigger: Moment | None = None
    last_reconcile: Moment | None = None
    last_error: Moment | None = None

    @property
    def pending_count(self) -> int:
        """Paths that no run has been asked for yet."""
        return len({*self.pending, *(self.batch.paths if self.batch else ())})

    @property
    def running(self) -> bool:
        """Whether the watcher is there. One on another host cannot be looked at and is believed."""
        return self.host != socket.gethostname() or self.process.find() is not None


class StateFile:
    """`state.json` of one project and root, in a folder of its own below the data folder's `watch`."""

    def __init__(self, settings: Settings) -> None:
        self.folder = Path(absolute(settings.watch_dir)) / project_key(settings)
        self._file = self.folder / "state.json"

    @property
    def requests(self) -> Path:
        """Folder of what the watcher is asked for by other processes."""
        return self.folder / "requests"

    def make_folder(self) -> None:
        """Make the folder and the one of the requests.

        Raises:
            DataFolderError: it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.requests.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise DataFolderError(
                f"{self.folder} cannot be made: {error.strerror or error}.",
                hint="LINEAGE_DATA_DIR must name a folder that can be written.",
            ) from error

    def read(self) -> WatchState | None:
        """The state that was kept last; None if there is none, or nothing that can be read."""
        try:
            return WatchState.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, state: WatchState) -> None:
        """Put a state in the place of the last one, in one step.

        Raises:
            OSError: it cannot be written.
        """
        draft = self._file.with_suffix(".new")
        draft.write_text(state.model_dump_json())
        draft.replace(self._file)


def read_state(settings: Settings) -> WatchState | None:
    """What the watcher of the settings' project and root wrote last; `running` tells whether it is still there."""
    return StateFile(settings).read()
