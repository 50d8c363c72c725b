"""The debounce window: what closes it, and that it neither loses a path nor gives one twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.watch.window import Limits, Window

LIMITS = Limits(debounce=5, max_files=50, max_wait=15)


def window(*events: tuple[float, str], limits: Limits = LIMITS) -> Window:
    opened = Window(limits)
    for at, path in events:
        opened.add([path], at)
    return opened


def test_an_empty_window_is_never_due() -> None:
    assert window().due() is None


def test_five_seconds_of_quiet_close_it() -> None:
    assert window((100, "a")).due() == 105
    assert window((100, "a"), (103, "b")).due() == 108


def test_fifty_distinct_files_close_it_at_once() -> None:
    saves = [(100 + number / 100, f"{number}.sql") for number in range(50)]
    assert window(*saves[:49]).due() == 105.48
    assert window(*saves).due() <= saves[-1][0]


def test_many_saves_of_one_file_are_one_path() -> None:
    opened = window(*[(100 + number / 100, "a.sql") for number in range(200)])
    assert opened.due() == 101.99 + 5
    assert opened.take() == {"a.sql"}


def test_a_steady_stream_holds_it_open_no_longer_than_the_maximum_wait() -> None:
    assert window(*[(100 + number, "a.sql") for number in range(15)]).due() == 115


def test_it_can_be_closed_by_hand() -> None:
    opened = window((100, "a"))
    opened.close()
    assert opened.due() <= 100
    opened.take()
    opened.add(["b"], 200)
    assert opened.due() == 205, "the next one is an ordinary one"


def test_closing_an_empty_one_does_not_close_the_next() -> None:
    opened = window()
    opened.close()
    opened.add(["a"], 100)
    assert opened.due() == 105


def test_without_debounce_each_change_is_due_at_once() -> None:
    assert window((100, "a"), limits=Limits(0, 50, 15)).due() == 100


def test_no_paths_open_no_window() -> None:
    opened = window()
    opened.add([], 100)
    assert opened.due() is None


EVENTS = st.lists(st.tuples(st.floats(0, 20), st.sets(st.sampled_from("abcdefgh"), max_size=4)), max_size=40)
LIMITS_OF_ANY_KIND = st.builds(Limits, st.floats(0, 10), st.integers(1, 6), st.floats(0.1, 20))


@given(EVENTS, LIMITS_OF_ANY_KIND)
def test_whatever_comes_is_handed_on_once_a_window_in_time_and_never_lost(
    events: list[tuple[float, set[str]]], limits: Limits
) -> None:
    opened, now = Window(limits), 0.0
    waiting: dict[str, float] = {}
    for pause, paths in events:
        while (due := opened.due()) is not None and due <= now + pause:
            assert all(due - since <= limits.max_wait + 1e-6 for since in waiting.values())
            assert opened.take() == waiting.keys()
            waiting.clear()
        now += pause
        opened.add(paths, now)
        waiting.update({path: waiting.get(path, now) for path in paths})
        assert opened.paths == waiting.keys()
        assert (opened.due() is None) == (not waiting)
        if len(waiting) >= limits.max_files:
            assert opened.due() <= now
    assert opened.take() == waiting.keys()
