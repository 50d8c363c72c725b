"""Incremental runs of one project and root take turns; other projects do not wait, and a killed run holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]

HOLD = """
import pathlib, sys, time
from flows.one_at_a_time import one_at_a_time
from lineage_core.settings import load_settings
from prefect import flow

name, until = sys.argv[1], pathlib.Path(sys.argv[2])

@flow
def hold():
    with one_at_a_time(load_settings()):
        pathlib.Path(name + ".in").write_text(str(time.time()))
        while not until.exists():
            time.sleep(0.05)
        pathlib.Path(name + ".out").write_text(str(time.time()))

hold()
"""


class Holders:
    """Processes that hold the slot of a project until a file is there."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._folder = folder
        self._variables = variables
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, until: str, project: str, root: str = "/tree") -> None:
        """One more."""
        more = {"INGEST_PROJECT": project, "INGEST_ROOT": root}
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-c", HOLD, name, until], cwd=self._folder, env={**self._variables, **more}
        )

    def entered(self, name: str, seconds: float = 120.0) -> float:
        """When one got the slot, once it has."""
        return self._when(f"{name}.in", seconds)

    def left(self, name: str) -> float:
        """When it gave it back."""
        return self._when(f"{name}.out", 120.0)

    def _when(self, name: str, seconds: float) -> float:
        deadline = time.monotonic() + seconds
        while not (self._folder / name).exists() or not (self._folder / name).read_text():
            assert time.monotonic() < deadline, name
            time.sleep(0.05)
        return float((self._folder / name).read_text())


@pytest.fixture
def holders(tmp_path: Path, variables: dict[str, str]) -> Iterator[Holders]:
    started = Holders(tmp_path, variables)
    yield started
    for process in started.processes.values():
        process.wait(60)


def test_runs_of_one_project_and_root_take_turns_and_others_do_not_wait(holders: Holders, tmp_path: Path) -> None:
    holders.start("first", "go", "p")
    holders.entered("first")
    holders.start("second", "/", "p")
    holders.start("other-project", "/", "q")
    holders.start("other-root", "/", "p", "/another")
    holders.entered("other-project")
    holders.entered("other-root")
    (tmp_path / "go").touch()
    assert holders.entered("second") >= holders.left("first")


def test_the_slot_of_a_killed_run_is_free_again_when_its_lease_has_ended(holders: Holders) -> None:
    holders.start("killed", "never", "killed")
    holders.entered("killed")
    os.kill(holders.processes["killed"].pid, signal.SIGKILL)
    holders.processes["killed"].wait()
    holders.start("next", "/", "killed")
    assert holders.entered("next", 300.0)
