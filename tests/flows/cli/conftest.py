"""The `lineage` command as a user runs it: another process, in a folder of the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]


class Lineage(Protocol):
    """Runs the command."""

    def __call__(
        self, *arguments: str, given: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Its output and exit code.

        Args:
            arguments: of the command.
            given: on standard input.
            environment: variables; none for one with nothing of this project in it.
        """
        ...


class Start(Protocol):
    """Starts the command and does not wait for it."""

    def __call__(self, *arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """The process, in a process group of its own, its output in pipes."""
        ...


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is set, and nobody has to be there."""
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"}
    return {**home, "LINEAGE_DATA_DIR": str(tmp_path / "data"), "DO_NOT_TRACK": "1"}


@pytest.fixture
def lineage(bare_environment: dict[str, str], tmp_path: Path) -> Lineage:
    """The command in the test's own folder."""

    def run(
        *arguments: str, given: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            input=given,
            env={**bare_environment, **(environment or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def start(bare_environment: dict[str, str], tmp_path: Path) -> Start:
    """The command in the test's own folder, left running."""

    def begin(*arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env={**bare_environment, **environment},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return begin
