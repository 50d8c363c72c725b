"""The most memory that an ingest and its workers held; servers that it started are not part of it."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from flows.peak_memory import PeakMemory

MEBIBYTE = 2**20
HOLDER = "held = bytearray(200 * 2**20); print('ready', flush=True); input()"


@pytest.mark.parametrize(("own_session", "counted"), [(False, True), (True, False)], ids=["a worker", "a server"])
def test_children_count_unless_they_run_in_a_session_of_their_own(*, own_session: bool, counted: bool) -> None:
    own = psutil.Process().memory_info().rss
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=own_session
    )
    assert child.stdout is not None
    child.stdout.readline()
    with PeakMemory() as memory:
        pass
    child.communicate(b"\n")
    assert (memory.peak > own + 100 * MEBIBYTE) == counted
