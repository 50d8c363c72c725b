"""Commands that a signal ends: in time, with its exit code, whatever their libraries make of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from prefect.exceptions import TerminationSignal

from flows.cli.interrupt import signal_behind

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = """
import os, signal, sys, threading, time
from flows.cli import app, main

@app.command("try")
def try_(number: int):
    {body}

sys.argv[1:] = ["try", "{number}"]
main()
"""


def run(number: int, body: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command of this body, which has `number`; it gets a minute."""
    script = COMMAND.format(number=int(number), body=body)
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_thread_that_never_ends_does_not_hold_up_an_interrupted_command(
    bare_environment: dict[str, str], number: signal.Signals
) -> None:
    endless = "threading.Thread(target=time.sleep, args=(600,)).start(); os.kill(os.getpid(), number); time.sleep(600)"
    done = run(number, endless, bare_environment)
    assert done.returncode == 128 + number
    assert done.stderr == "Interrupted. Files that were written stay; the next run does the rest.\n"


def test_what_a_library_makes_of_an_interruption_is_not_shown_as_an_error(bare_environment: dict[str, str]) -> None:
    confused = """
    try:
        os.kill(os.getpid(), number)
        time.sleep(600)
    finally:
        raise ValueError("not set")
"""
    done = run(signal.SIGTERM, confused, bare_environment)
    assert done.returncode == 143
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_amid_a_callback_whose_errors_are_ignored_still_ends_the_command(
    bare_environment: dict[str, str], number: signal.Signals
) -> None:
    callback = """
    import weakref
    class Thing: pass
    thing = Thing()
    watch = weakref.ref(thing, lambda _: (os.kill(os.getpid(), number), time.sleep(0.1)))
    del thing
    time.sleep(600)
"""
    done = run(number, callback, bare_environment)
    assert done.returncode == 128 + number
    assert done.stderr == "Interrupted. Files that were written stay; the next run does the rest.\n"


def test_a_command_that_nobody_interrupts_waits_for_its_threads(bare_environment: dict[str, str]) -> None:
    late = "threading.Timer(3, print, ('late',)).start()"
    began = time.monotonic()
    done = run(0, late, bare_environment)
    assert (done.returncode, done.stdout) == (0, "late\n")
    assert time.monotonic() - began > 3


def test_the_signal_is_found_behind_other_errors() -> None:
    assert signal_behind(KeyboardInterrupt()) == signal.SIGINT
    assert signal_behind(ValueError("of its own")) is None
    with pytest.raises(ValueError, match="not set") as raised:
        _confuse()
    assert signal_behind(raised.value) == signal.SIGTERM


def _confuse() -> None:
    try:
        raise TerminationSignal(signal=signal.SIGTERM)
    finally:
        raise ValueError("Task run is not set")
