"""The most memory that an ingest and its workers held; servers that it started are not part of it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from flows.peak_memory import PeakMemory

MEBIBYTE = 2**20
HOLDER = "held = bytearray(200 * 2**20); print('ready', flush=True); input()"


@pytest.mark.parametrize(("own_session", "counted"), [(False, True), (True, False)], ids=["a worker", "a server"])
def test_children_count_unless_they_run_in_a_session_of_their_own(*, own_session: bool, counted: bool) -> None:
    with PeakMemory() as before:  # what other tests have left running counts as well
        pass
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=own_session
    )
    assert child.stdout is not None
    child.stdout.readline()
    with PeakMemory() as memory:
        pass
    child.communicate(b"\n")
    assert (memory.peak > before.peak + 100 * MEBIBYTE) == counted


def test_what_a_child_takes_later_counts_as_well() -> None:
    later = "input(); held = bytearray(200 * 2**20); print('ready', flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", later], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    with PeakMemory() as memory:
        while not memory.peak:
            time.sleep(0.05)
        before = memory.peak
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        deadline = time.monotonic() + 60
        while memory.peak <= before + 150 * MEBIBYTE and time.monotonic() < deadline:
            time.sleep(0.05)
    child.communicate(b"\n")
    assert memory.peak > before + 150 * MEBIBYTE
