"""What `lineage up` knows of its parts, as a file: for `lineage status`, and for the next `up` after a crash."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, ValidationError

from flows.local_prefect import ProcessId
from lineage_core.errors import DataFolderError

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings

Condition = Literal["waiting", "starting", "up", "silent", "restarting", "stopping", "stopped"]
"""`silent`: its process is there and does not answer. `restarting`: it ended by itself; also while that is repeated."""


class PartState(BaseModel):
    """One part. `since` (seconds since 1970) is when its condition began."""

    name: str
    condition: Condition = "waiting"
    process: ProcessId | None = None
    """None for what runs inside of `up`, and for servers that others run."""
    ours: bool = True
    """Whether `up` started it, and so stops it."""
    url: str = ""
    restarts: int = 0
    since: float = Field(default_factory=time.time)
    message: str = ""
    """What happened last, if it was not good."""


class StackState(BaseModel):
    """A running stack, or what is left of one: `process` tells. `mark` is in the environment of its processes."""

    mark: str
    process: ProcessId
    started: float = Field(default_factory=time.time)
    project: str
    root: str
    """The project's, which file names in the graph are relative to."""
    roots: list[str]
    """The folders that are watched."""
    parts: dict[str, PartState] = {}


class StackFile:
    """`state.json` in the folder of the stack, beside the logs of its parts. Nobody else may read there."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.stack_dir.absolute()
        self._file = self.folder / "state.json"

    @property
    def lock(self) -> Path:
        """Held by `up` as long as it lives."""
        return self.folder / "up.lock"

    def log(self, part: str) -> Path:
        """Where a part's output goes."""
        return self.folder / f"{part}.log"

    def make_folder(self) -> None:
        """Make the folder.

        Raises:
            DataFolderError: it cannot be made, or not be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lock.touch(mode=0o600)
        except OSError as error:
            raise DataFolderError(
                f"{self.folder} cannot be written: {error.strerror or error}.",
                hint="LINEAGE_DATA_DIR must name a folder that can be written.",
            ) from error

    def read(self) -> StackState | None:
        """The state that was kept last; None if there is none, or nothing that can be read."""
        try:
            return StackState.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, state: StackState) -> None:
        """Put a state in the place of the last one, in one step.

        Raises:
            OSError: it cannot be written.
        """
        draft = self._file.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(state.model_dump_json(indent=1))
        draft.replace(self._file)

    def forget(self) -> None:
        """Nothing runs any more."""
        self._file.unlink(missing_ok=True)
