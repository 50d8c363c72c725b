"""What a command took, its descendants included, and what happens when it fails."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from bench.measured import CommandFailedError, cpu_of, measured

if TYPE_CHECKING:
    from pathlib import Path

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_output_and_seconds(tmp_path: Path) -> None:
    answer = measured([sys.executable, "-c", f"{BUSY}\nprint('done')"], os.environ, tmp_path)
    assert answer.output == "done\n"
    assert answer.cpu >= 0.3
    assert answer.wall >= 0.25


def test_a_process_that_outlives_its_parent_is_counted(tmp_path: Path) -> None:
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BUSY!r}])"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {orphan!r}])"
    assert measured([sys.executable, "-c", parent], os.environ, tmp_path).cpu >= 0.3


def test_it_runs_in_the_folder_and_with_the_environment(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ['LOOK'])"
    answer = measured([sys.executable, "-c", code], {**os.environ, "LOOK": "here"}, tmp_path)
    assert answer.output.split() == [str(tmp_path), "here"]


def test_a_failure_says_what_the_command_said(tmp_path: Path) -> None:
    code = "import sys; print('first', 'x' * 9_000, 'so it is'); sys.exit(3)"
    with pytest.raises(CommandFailedError, match=r"exit code 3:\nx+ so it is") as error:
        measured([sys.executable, "-c", code], os.environ, tmp_path)
    assert error.value.said.startswith("first x")


def test_cpu_of_a_running_process() -> None:
    assert cpu_of(psutil.Process()) > 0
    assert cpu_of(None) == 0.0
