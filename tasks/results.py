"""Where Prefect keeps the results of tasks: a SQLite database through diskcache, in the run's data folder.

The block that a Prefect server knows is empty: the folder is the one of the run that a task belongs to, so one block
serves every data folder. Two traps of Prefect 3: the engine passes `_sync` to the plain methods and looks for `a...`
ones in async code; and a cache policy's `key_storage` in the same folder would replace results by their metadata.
"""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from prefect.exceptions import ObjectAlreadyExists
from prefect.filesystems import WritableFileSystem

from lineage_core.errors import ServerError
from tasks.run import current_run

_NAME = "lineage"
RESULTS = f"sqlite-results/{_NAME}"
"""How a flow names the block."""

_DAY = 86_400
_TRIES = 4


class SqliteResults(WritableFileSystem):
    """Results of the tasks of an ingest. Keys are Prefect's cache keys, values its records as JSON."""

    _block_type_name: ClassVar[str] = "SQLite results"
    _block_type_slug: ClassVar[str] = "sqlite-results"
    _description: ClassVar[str] = "Results of ingest tasks, kept in the data folder of the machine that runs them."

    def read_path(  # type: ignore[override]  # the base declares it async, the engine calls it plainly
        self, path: str, *, _sync: bool = True
    ) -> bytes:
        """The record of a key.

        Raises:
            ValueError: there is none; Prefect then runs the task.
        """
        record = current_run().results.use(lambda store: store.get(path))
        if record is None:
            raise ValueError(f"there is no result {path}")
        return bytes(record)

    def write_path(  # type: ignore[override]  # the same
        self, path: str, content: bytes, *, _sync: bool = True
    ) -> None:
        """Keep a record, as long as entries of the parse cache are kept."""
        seconds = current_run().settings.cache_days * _DAY
        current_run().results.use(lambda store: store.set(path, content, expire=seconds))

    async def aread_path(self, path: str) -> bytes:
        """The same for async code."""
        return self.read_path(path)

    async def awrite_path(self, path: str, content: bytes) -> None:
        """The same for async code."""
        self.write_path(path, content)


def register() -> None:
    """Make the block known to the current Prefect server, which has to be before a flow that names it runs.

    Two processes may do so at once: the server refuses the second, which then finds what the first made.
    """
    for _ in range(_TRIES):
        try:
            SqliteResults.load(_NAME)
        except ValueError:
            with suppress(ObjectAlreadyExists, ValueError):
                SqliteResults().save(_NAME)
        else:
            return
    raise ServerError(
        f"The Prefect server does not keep the block {RESULTS}.", hint="Look at its log; its database may be read-only."
    )


def forget_expired() -> None:
    """Delete the current run's results that are too old; nothing else would."""
    current_run().results.use(lambda store: store.expire())


def forget_all() -> None:
    """Delete every result, of other runs as well: their failed batches cannot be told from the others any more."""
    current_run().results.use(lambda store: store.clear())
