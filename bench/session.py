"""One run of the harness: its options, its folder, and what its comparisons share: servers and trees."""

from __future__ import annotations

import shutil
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from bench.measured import BenchError
from bench.services import services
from bench.trees import change, make_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from bench.services import Services

_WARM_UP_FILES = 60
_WARM_UP_SHARE = 0.2


@dataclass(frozen=True)
class Options:
    """What was asked for. `corpus` is a folder of SQL files; None for generated ones."""

    work: Path
    corpus: Path | None = None
    files: int = 1000
    rounds: int = 5
    seed: int = 1
    quick: bool = False
    long: bool = False

    @property
    def corpus_name(self) -> str:
        """For the results."""
        return str(self.corpus) if self.corpus else f"the generated corpus (seed {self.seed})"


@dataclass
class Session:
    """A context manager; servers are started when the first comparison asks for them."""

    options: Options
    _open: ExitStack = field(default_factory=ExitStack)
    _services: Services | None = None

    def __enter__(self) -> Self:
        """Begin; what a killed run left is deleted.

        Raises:
            BenchError: another run uses the folder.
        """
        work = self.options.work
        work.mkdir(parents=True, exist_ok=True)
        try:
            self._open.enter_context(FileLock(work / "lock", timeout=0))
        except Timeout as error:
            raise BenchError(
                f"Another run uses {work}.", hint="Wait for it, or give another folder: --work."
            ) from error
        shutil.rmtree(work / "scratch", ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the servers."""
        self._open.close()

    @property
    def services(self) -> Services:
        """The servers, warmed up by a first ingest and one of changes that do not count: Neo4j compiles and plans."""
        if self._services is None:
            self._services = self._open.enter_context(services(self.options.work / "servers"))
            with self.empty_project() as (project, data):
                tree = shutil.copytree(self.tree(_WARM_UP_FILES, generated=True), data / "tree")
                self._services.ingest(tree, project, data)
                change(tree, _WARM_UP_SHARE, 0)
                self._services.ingest(tree, project, data)
        return self._services

    def tree(self, files: int = 0, *, generated: bool = False) -> Path:
        """A tree of so many files (else as many as the options say), the same for all who ask; not to be changed."""
        files = files or self.options.files
        corpus = None if generated else self.options.corpus
        name = f"{corpus.name if corpus else f'seed{self.options.seed}'}-{files}"
        return make_tree(self.options.work / "trees" / name, corpus, files, self.options.seed)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder that is gone afterwards."""
        folder = self.options.work / "scratch" / uuid.uuid4().hex[:12]
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def empty_project(self) -> Iterator[tuple[str, Path]]:
        """A project's name and a data folder, both empty; the graph and the caches are as before afterwards."""
        project = f"bench-{uuid.uuid4().hex[:12]}"
        with self.scratch() as data:
            try:
                yield project, data
            finally:
                self.services.forget(project)
