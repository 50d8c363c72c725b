"""Memory: what is measured, and who may begin work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from lineage_core.ingest.memory import Admission, MemoryGauge, held, resident

MIB = 2**20


class Pressure(MemoryGauge):
    """A gauge whose answer the test decides."""

    def __init__(self) -> None:
        super().__init__(1000 * MIB, list)
        self.high = False

    def near(self) -> bool:
        """As the test says."""
        return self.high


def begin(admission: Admission, *, alone: bool = False) -> tuple[threading.Event, threading.Event, threading.Thread]:
    """Work in a thread: an event for when it was let in, one to let it end, and the thread."""
    inside, done = threading.Event(), threading.Event()

    def work() -> None:
        with admission.work(alone=alone):
            inside.set()
            done.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    return inside, done, thread


def test_memory_of_several_processes_is_added_up() -> None:
    script = "import sys; held = b'x' * 100_000_000; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        used = MemoryGauge(2**40, lambda: [os.getpid(), child.pid]).used()
        assert held(child.pid) > 95 * MIB
        assert resident(child.pid) >= held(child.pid)
        assert used >= held(child.pid) + held(os.getpid()) - 5 * MIB
        child.communicate()


def test_a_process_that_is_gone_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert held(child.pid) == resident(child.pid) == 0


def test_near_is_four_fifths_of_the_limit() -> None:
    used = held(os.getpid())
    assert MemoryGauge(int(used * 1.1), lambda: [os.getpid()]).near()
    assert not MemoryGauge(int(used * 1.6), lambda: [os.getpid()]).near()


def test_work_waits_until_memory_falls_but_one_piece_always_runs(caplog: pytest.LogCaptureFixture) -> None:
    gauge = Pressure()
    admission = Admission(gauge)
    gauge.high = True
    first_in, first_done, first = begin(admission)
    assert first_in.wait(5)
    second_in, second_done, second = begin(admission)
    assert not second_in.wait(0.2)
    gauge.high = False
    assert second_in.wait(5)
    gauge.high = True
    third_in, third_done, third = begin(admission)
    assert not third_in.wait(0.2)
    first_done.set()
    second_done.set()
    assert third_in.wait(5)
    third_done.set()
    for thread in (first, second, third):
        thread.join(5)
    assert caplog.text.count("Memory is near INGEST_MEMORY_LIMIT (0 of 1000 MiB)") == 1


def test_work_that_must_be_alone_waits_for_the_others_and_they_for_it() -> None:
    admission = Admission(Pressure())
    first_in, first_done, first = begin(admission)
    assert first_in.wait(5)
    alone_in, alone_done, alone = begin(admission, alone=True)
    assert not alone_in.wait(0.1)
    later_in, later_done, later = begin(admission)
    first_done.set()
    assert alone_in.wait(5)
    assert not later_in.wait(0.1)
    alone_done.set()
    assert later_in.wait(5)
    later_done.set()
    for thread in (first, alone, later):
        thread.join(5)


def test_a_place_is_given_back_when_the_work_fails() -> None:
    admission = Admission(Pressure())
    for alone in (False, True):
        with pytest.raises(ValueError, match="bad"), admission.work(alone=alone):
            raise ValueError("bad")
    inside, done, thread = begin(admission, alone=True)
    assert inside.wait(5)
    done.set()
    thread.join(5)
