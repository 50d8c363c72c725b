"""Processes of the stack: waited for, ended, and found again however far they moved from what started them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING

import psutil
import pytest

from flows.local_prefect import ProcessId
from flows.stack.children import Child, Step
from flows.stack.processes import MARK, end, ended, marked
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]
ORPHANING = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "print('up', flush=True); time.sleep(600)",
]


def test_the_end_of_a_process_that_is_no_child_is_noticed() -> None:
    starter = subprocess.run(
        [
            sys.executable,
            "-c",
            "import subprocess; print(subprocess.Popen(['sleep', '600'], stdout=-3, stderr=-3).pid)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    grandchild = ProcessId.of(int(starter.stdout))

    async def watch() -> None:
        waiting = asyncio.create_task(ended(grandchild))
        await asyncio.sleep(0)
        assert not waiting.done()
        os.kill(grandchild.pid, signal.SIGKILL)
        await asyncio.wait_for(waiting, 10)

    asyncio.run(watch())


def test_a_later_process_with_the_same_pid_is_not_meant() -> None:
    other = ProcessId(pid=os.getpid(), started=1.0)
    asyncio.run(asyncio.wait_for(ended(other), 5))
    assert asyncio.run(end([other], 1.0)) == [], "and this test was not ended"


def test_who_does_not_end_when_asked_is_killed() -> None:
    with (
        subprocess.Popen(SLEEP, stdout=subprocess.PIPE) as willing,
        subprocess.Popen(DEAF, stdout=subprocess.PIPE) as deaf,
    ):
        for process in (willing, deaf):
            assert process.stdout is not None
            process.stdout.readline()
        both = [ProcessId.of(willing.pid), ProcessId.of(deaf.pid)]
        assert asyncio.run(end(both, 0.5)) == [both[1]]
        assert (willing.wait(), deaf.wait()) == (-signal.SIGTERM, -signal.SIGKILL)


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


def _child(kind: type[Child], command: list[str], log: Path, mark: str) -> Child:
    return kind("part", command, lambda: dict(os.environ), log, needs=(), patience=1.0, mark=mark)


def test_what_a_part_started_is_ended_with_it_also_after_it_was_killed(tmp_path: Path, mark: str) -> None:
    async def live() -> None:
        part = _child(Child, ORPHANING, tmp_path / "part.log", mark)
        await part.start()
        assert part.process is not None
        while not (children := psutil.Process(part.process.pid).children()):  # noqa: ASYNC110 - another process cannot set an Event
            await asyncio.sleep(0.02)
        orphan = ProcessId.of(children[0].pid)
        os.kill(part.process.pid, signal.SIGKILL)
        assert await part.ended() == "killed by SIGKILL"
        assert marked(f"{mark}:part") == [orphan]
        await part.start()
        assert orphan.find() is None, "nobody would look after it"
        await part.stop(1.0)
        assert marked(f"{mark}:part") == []

    asyncio.run(live())


def test_a_part_that_ends_at_once_says_why(tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.stack.children._SETTLE_SECONDS", 30.0)  # a busy machine starts it late
    wrong = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    for kind in (Child, Step):
        with pytest.raises(ServerError, match="did not start \\(exit code 1\\)") as caught:
            asyncio.run(_child(kind, wrong, tmp_path / "part.log", mark).start())
        assert "no such thing" in caught.value.message
        assert "part.log" in caught.value.hint


def test_a_log_is_for_its_owner_and_a_mark_in_the_environment_only(tmp_path: Path, mark: str) -> None:
    async def live() -> None:
        part = _child(Child, SLEEP, tmp_path / "part.log", mark)
        await part.start()
        assert part.process is not None
        process = psutil.Process(part.process.pid)
        assert process.environ()[MARK] == f"{mark}:part"
        assert mark not in " ".join(process.cmdline())
        assert (tmp_path / "part.log").stat().st_mode & 0o077 == 0
        began = time.monotonic()
        await part.stop(60.0)
        assert time.monotonic() - began < 30

    asyncio.run(live())
