"""A watcher on a real folder, in this process, whose runs are written down instead of started."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from flows.watch.roots import roots_of
from flows.watch.run_watch import first_state
from flows.watch.state import Batch, StateFile, WatchState
from flows.watch.trigger import UnderWay
from flows.watch.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from lineage_core.settings import Settings

SECONDS = 60.0
"""For what takes a second on a quiet machine."""

QUICK = {"watch_debounce_seconds": 0.8, "watch_max_wait_seconds": 10.0}


class Recorder:
    """A trigger that writes down what it is given. `broken` and `runs` say how Prefect is."""

    def __init__(self) -> None:
        self.batches: queue.Queue[Batch] = queue.Queue()
        self.tries: queue.Queue[Batch] = queue.Queue()
        self.broken: Exception | None = None
        self.runs = UnderWay()
        self.asked = 0

    async def under_way(self) -> UnderWay:
        """What the test says."""
        self.asked += 1
        return self.runs

    async def start(self, batch: Batch) -> str:
        """Written down, also if it is refused."""
        self.tries.put(batch)
        if self.broken:
            raise self.broken
        self.batches.put(batch)
        return f"run-{batch.key[:4]}"

    async def close(self) -> None:
        """Nothing is open."""


class Watching:
    """A running watcher, and what came of it."""

    def __init__(self, tree: Path, settings: Settings, trigger: Recorder) -> None:
        self.tree = tree
        self.settings = settings
        self.file = StateFile(settings)
        self.trigger = trigger

    @property
    def state(self) -> WatchState:
        """As it was kept last."""
        state = self.file.read()
        assert state is not None
        return state

    def run(self) -> set[str]:
        """The paths of the next run, relative to the tree; "." is the tree."""
        batch = self.trigger.batches.get(timeout=SECONDS)
        assert batch.paths == sorted(set(batch.paths)), "sorted, each once"
        return {str(Path(path).relative_to(self.tree)) for path in batch.paths}

    def runs_until(self, name: str) -> set[str]:
        """The paths of all runs up to the first that has `name`: what shows that something else has no run."""
        paths: set[str] = set()
        while name not in paths:
            paths |= self.run()
        return paths

    def until(self, what: str, seconds: float = SECONDS) -> None:
        """Return once the state tells `what`, a Python expression over `state`."""
        end = time.monotonic() + seconds
        while not eval(what, {"state": self.state}):  # noqa: S307 - written in the test
            assert time.monotonic() < end, (what, self.state)
            time.sleep(0.02)


class Watch(Protocol):
    """Starts a watcher for the time of a block."""

    def __call__(
        self, *roots: str, trigger: Recorder | None = None, ready: bool = True, **settings: object
    ) -> AbstractContextManager[Watching]:
        """With other settings than the test's; `ready`: the tree has been compared with the graph."""
        ...


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The root of a project that is watched."""
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(settings: Settings, tree: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watcher of `tree`, against the real database; one that bears with a machine that is busy with other tests."""
    monkeypatch.setattr("flows.watch.flushing.ARRIVE_SECONDS", 2.0)
    monkeypatch.setattr("flows.watch.events.LATE_SECONDS", 3600.0)

    @contextmanager
    def start(
        *roots: str, trigger: Recorder | None = None, ready: bool = True, **changed: object
    ) -> Iterator[Watching]:
        own = settings.model_copy(update={"root": tree, **QUICK, **changed})
        file = StateFile(own)
        file.make_folder()
        watched = roots_of(roots, own)
        watching = Watching(tree, own, trigger or Recorder())
        state = first_state(own, watched, file)
        file.keep(state)
        with _in_thread(lambda: Watcher(own, watched, watching.trigger, file, state)):
            if ready:
                (tree / ".wake").touch()  # or the first look takes a second
                watching.until("state.last_reconcile")
            yield watching

    return start


@contextmanager
def _in_thread(make: object) -> Iterator[None]:
    started: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = queue.Queue()
    failures: list[BaseException] = []

    async def watch() -> None:
        task = asyncio.create_task(make().run())  # type: ignore[operator]
        started.put((asyncio.get_running_loop(), task))
        await asyncio.wait([task])
        if not task.cancelled() and task.exception():
            failures.append(task.exception())

    thread = threading.Thread(target=lambda: asyncio.run(watch()), daemon=True)
    thread.start()
    loop, task = started.get(timeout=SECONDS)
    try:
        yield
    finally:
        began = time.monotonic()
        loop.call_soon_threadsafe(task.cancel)
        thread.join(SECONDS)
        assert not failures, failures
        assert time.monotonic() - began < 20, "a watcher ends within 2 s on a quiet machine"


class Forward(Protocol):
    """Makes a port that refuses until it is opened."""

    def __call__(self, target: int) -> Forwarder:
        """One that leads to the port `target` of this machine."""
        ...


@pytest.fixture
def forward() -> Iterator[Forward]:
    """Ports that lead to real servers, and can be cut."""
    made: list[Forwarder] = []

    def make(target: int) -> Forwarder:
        made.append(Forwarder(target))
        return made[-1]

    yield make
    for forwarder in made:
        forwarder.down()


class Forwarder:
    """A port of this machine in front of another one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._sockets: list[socket.socket] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def up(self) -> None:
        """Take connections from now on."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and cut those that are open."""
        for opened in self._sockets:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
