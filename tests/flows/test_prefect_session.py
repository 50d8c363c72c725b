"""The way out of a stay on a Prefect server: what the client still holds back is sent, or is given up with a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from flows import prefect_session
from flows.prefect_session import SEND_SECONDS, SLOW_SECONDS

if TYPE_CHECKING:
    from flows.prefect_server import PrefectServer


class Server:
    """A server that answers, or does not."""

    def __init__(self, *, there: bool) -> None:
        self._there = there

    def answers(self) -> bool:
        """Whether it is there."""
        return self._there


@pytest.mark.parametrize(
    ("there", "sent", "waited", "said"),
    [
        (True, [True], [SEND_SECONDS], ""),
        (True, [False, True], [SEND_SECONDS, SLOW_SECONDS], ""),
        (True, [False, False], [SEND_SECONDS, SLOW_SECONDS], "is too slow: its history lacks the end of this run"),
        (False, [False], [SEND_SECONDS], "is gone: its history lacks the end of this run"),
    ],
    ids=["sent", "sent late", "too slow", "gone"],
)
def test_a_server_gets_more_time_while_it_answers(
    monkeypatch: pytest.MonkeyPatch, *, there: bool, sent: list[bool], waited: list[float], said: str
) -> None:
    left, waits, words, ends = list(sent), [], [], []

    def all_sent(seconds: float) -> bool:
        waits.append(seconds)
        return left.pop(0)

    monkeypatch.setattr(prefect_session, "_all_sent", all_sent)
    monkeypatch.setattr(prefect_session, "end_within", ends.append)
    prefect_session._send_the_rest(cast("PrefectServer", Server(there=there)), words.append)
    assert waits == waited
    assert left == []
    assert said in "".join(words)
    assert bool(words) == bool(said) == bool(ends), "Prefect would hold up the end of the process"
