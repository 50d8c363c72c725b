"""`lineage watch` and `lineage flush` as processes: killed, stopped, starved and asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from flows.watch.state import StateFile, WatchState
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
LINEAGE = [sys.executable, "-c", "from flows.cli import main; main()"]
RECORDING = [sys.executable, str(Path(__file__).with_name("recording_watch.py"))]
SECONDS = 30.0

pytestmark = pytest.mark.stack


class Start(Protocol):
    """Starts a command in the environment of the project that is watched."""

    def __call__(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """The process, with other variables than the test's; what is left of it at the test's end is killed."""
        ...


@pytest.fixture
def own(settings: Settings, tree: Path) -> Settings:
    """Settings of the project, with nobody behind PREFECT_API_URL."""
    return load_settings(**{**settings.model_dump(), "root": tree, "prefect_api_url": "http://127.0.0.1:9/api"})


@pytest.fixture
def start(own: Settings, tmp_path: Path) -> Iterator[Start]:
    variables = {
        "INGEST_PROJECT": own.project,
        "INGEST_ROOT": str(own.root),
        "LINEAGE_DATA_DIR": str(own.data_dir),
        "NEO4J_URI": own.neo4j_uri,
        "NEO4J_USER": own.neo4j_user,
        "NEO4J_PASSWORD": own.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": own.neo4j_database,
        "PREFECT_API_URL": own.prefect_api_url,
        "PREFECT_HOME": str(tmp_path / "prefect-home"),
        "PYTHONPATH": str(CHECKOUT),
        "RECORD": str(tmp_path / "record"),
        "WATCH_DEBOUNCE_SECONDS": "0.4",
    }
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **changed: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env={**os.environ, **variables, **changed},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def recorded(tmp_path: Path, tree: Path) -> Recorded:
    return Recorded(tmp_path / "record", tree)


class Recorded:
    """What the recording watchers have handed on."""

    def __init__(self, file: Path, tree: Path) -> None:
        self._file = file
        self._tree = tree

    def until(self, *names: str) -> set[str]:
        """All paths of all runs, relative to the tree, once `names` are among them."""
        end = time.monotonic() + SECONDS
        while True:
            lines = self._file.read_text().splitlines() if self._file.exists() else []
            paths = {str(Path(path).relative_to(self._tree)) for line in lines for path in json.loads(line)}
            if paths >= set(names):
                return paths
            assert time.monotonic() < end, (names, paths)
            time.sleep(0.05)


def until(own: Settings, what: str) -> WatchState:
    """The state once it tells `what`, a Python expression over `state`."""
    end = time.monotonic() + SECONDS
    while True:
        state = StateFile(own).read()
        if state is not None and eval(what, {"state": state}):  # noqa: S307 - written in the test
            return state
        assert time.monotonic() < end, (what, state)
        time.sleep(0.05)


@pytest.mark.parametrize("graph", ["there", "away"])
def test_a_killed_watcher_loses_nothing(
    start: Start, own: Settings, tree: Path, recorded: Recorded, graph: str
) -> None:
    watcher = start(*LINEAGE, "watch")
    until(own, "state.last_reconcile")
    (tree / "due.sql").write_text("SELECT 1")
    until(own, "state.last_error")
    (tree / "open.sql").write_text("SELECT 1")
    until(own, "len(state.pending) == 2")
    watcher.kill()
    watcher.wait()
    assert not until(own, "state").running
    (tree / "later.sql").write_text("SELECT 1")
    if graph == "there":
        start(*RECORDING)
        recorded.until("due.sql", "open.sql", "later.sql")
    else:
        start(*RECORDING, NEO4J_URI="bolt://127.0.0.1:9")
        recorded.until("due.sql", "open.sql")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watcher_stops_at_once_and_keeps_what_it_has(
    start: Start, own: Settings, tree: Path, number: signal.Signals
) -> None:
    watcher = start(*LINEAGE, "watch", "--debounce", "60")
    until(own, "state.last_reconcile")
    (tree / "a.sql").write_text("SELECT 1")
    until(own, "state.pending")
    began = time.monotonic()
    watcher.send_signal(number)
    assert watcher.wait(SECONDS) == 0
    assert time.monotonic() - began < 20, "2 s on a quiet machine; its window is open for a minute"
    assert until(own, "state").pending == [str(tree / "a.sql")]
    assert "Traceback" not in watcher.communicate()[0]


def test_a_project_has_one_watcher(start: Start, own: Settings) -> None:
    first = start(*LINEAGE, "watch")
    until(own, "state")
    second = start(*LINEAGE, "watch", "--realtime")
    said, _ = second.communicate(timeout=SECONDS)
    assert second.returncode == 1
    assert f"watched already by process {first.pid}" in said


def test_a_folder_outside_of_the_root_is_refused(start: Start, tmp_path: Path) -> None:
    refused = start(*LINEAGE, "watch", str(tmp_path))
    said, _ = refused.communicate(timeout=SECONDS)
    assert refused.returncode == 2
    assert "INGEST_ROOT" in said


def test_flush_says_what_came_of_it(start: Start, own: Settings, tree: Path, recorded: Recorded) -> None:
    said, _ = (alone := start(*LINEAGE, "flush")).communicate(timeout=SECONDS)
    assert alone.returncode == 1
    assert "No watcher" in said
    start(*RECORDING, "60")
    until(own, "state.last_reconcile")
    (tree / "a.sql").write_text("SELECT 1")
    said, _ = start(*LINEAGE, "flush").communicate(timeout=SECONDS)
    assert said.strip() == "Triggered recorded, 1 path."
    recorded.until("a.sql")


def test_what_the_kernel_dropped_while_the_watcher_was_starved_is_found(
    start: Start, own: Settings, tree: Path, recorded: Recorded
) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 20_000:
        pytest.skip(f"this kernel keeps {most:,} events")
    watcher = start(*RECORDING)
    until(own, "state.last_reconcile")
    watcher.send_signal(signal.SIGSTOP)
    for number in range(most // 2):  # each is created, opened and closed
        (tree / f"{number}.txt").touch()
    (tree / "dropped.sql").write_text("SELECT 1")
    watcher.send_signal(signal.SIGCONT)
    assert recorded.until("dropped.sql") == {"dropped.sql"}
