"""What the tries of a write have achieved: a further try finds it done already, and it counts all the same."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineage_core.graph.write_result import WriteResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lineage_core.graph.target import Known

Paths = tuple[str, ...]


class Attempts:
    """Of one run's writer; several threads may write different files.

    Args:
        run_id: of the run.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._interrupted: dict[Paths, WriteResult] = {}
        self._unanswered: dict[Paths, WriteResult] = {}

    def resume(self, paths: Paths) -> WriteResult:
        """What earlier tries to write these files have committed."""
        return self._interrupted.pop(paths, WriteResult())

    def interrupt(self, paths: Paths, result: WriteResult) -> None:
        """Keep what this try has committed for the next one."""
        self._interrupted[paths] = result

    @contextmanager
    def committing(self, paths: Paths, result: WriteResult) -> Iterator[None]:
        """Around a COMMIT that achieves `result`: should it raise, nobody knows whether the database has heard it."""
        self._unanswered[paths] = result
        yield
        del self._unanswered[paths]

    def answered(self, same: Collection[str], known: Known) -> WriteResult:
        """What COMMITs without an answer turn out to have achieved.

        Args:
            same: files that are in the graph as they are to be written.
            known: their File nodes.
        """
        ours = {path for path in same if known[path].get("run_id") == self._run_id}
        heard = [paths for paths in list(self._unanswered) if ours.issuperset(paths)]
        return sum((self._unanswered.pop(paths) for paths in heard), WriteResult())
