"""Where Prefect keeps the results of tasks: a SQLite database through diskcache, in the run's data folder.

The block is never saved to a Prefect server: it finds its folder through the run that a task belongs to. Traps that shape
it (Prefect 3.9): the engine passes `_sync` to the plain methods and looks for `a...` ones in async code; an unsaved block
is asked for `_resolve_path`, and None keeps the key as it is; a `key_storage` in the same folder would replace results by
their metadata, so there is none.
"""

from diskcache import Cache
from prefect.filesystems import WritableFileSystem

from tasks.run import current_run


class SqliteResults(WritableFileSystem):
    """Results of the tasks of an ingest. Keys are Prefect's cache keys, values its serialised records (JSON)."""

    _block_type_name = "SQLite results"

    def read_path(self, path: str, *, _sync: bool = True) -> bytes:
        print("read", path)
        with Cache(str(current_run().settings)) as c:
            v = c.get(path)
        if v is None:
            raise ValueError(path)
        return v

    def write_path(self, path: str, content: bytes, *, _sync: bool = True) -> None:
        print("write", path, content[:300])
        with Cache(str(current_run().settings)) as c:
            c.set(path, content)

    async def aread_path(self, path: str) -> bytes:
        return self.read_path(path)

    async def awrite_path(self, path: str, content: bytes) -> None:
        self.write_path(path, content)
