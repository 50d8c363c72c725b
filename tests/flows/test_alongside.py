"""What is begun before it is asked for."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from flows.alongside import Ahead

_VARIABLE = ContextVar("variable", default="")


def test_the_work_is_done_while_the_block_does_something_else() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert go_on.wait(10)
        return "done"

    with Ahead(work) as ahead:
        assert begun.wait(10)
        go_on.set()
        assert ahead.get() == "done"


def test_the_work_sees_the_context_of_who_began_it() -> None:
    _VARIABLE.set("of the run")
    with Ahead(_VARIABLE.get) as ahead:
        assert ahead.get() == "of the run"


def test_work_that_failed_is_done_again_by_who_asks_as_often_as_it_is_asked() -> None:
    calls = []

    def work() -> int:
        calls.append(threading.current_thread())
        if len(calls) < 3:
            raise ConnectionError(len(calls))
        return len(calls)

    with Ahead(work) as ahead:
        with pytest.raises(ConnectionError, match="2"):
            ahead.get()
        assert ahead.get() == 3
    assert calls[1] is threading.current_thread()


def test_what_failed_and_was_never_asked_for_is_no_error() -> None:
    def work() -> None:
        raise ConnectionError

    with Ahead(work):
        pass
