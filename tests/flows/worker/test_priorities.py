"""What a person asks for overtakes what waits for the night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Probes, Worker

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]


def test_with_one_slot_a_critical_run_overtakes_ten_that_wait_in_the_night_s_queue(
    worker: Callable[..., Worker], probes: Probes
) -> None:
    at_work = probes.start("at-work", "wait", "batch")
    worker("--limit", "1")
    probes.told("at-work")
    waiting = [probes.start(f"night-{number}", queue="batch") for number in range(10)]
    saved = probes.start("saved", queue="normal")
    asked = probes.start("asked", queue="critical")
    probes.go()
    assert all(probes.state(run).is_completed() for run in (at_work, *waiting, saved, asked))
    titles = ["asked", "saved", *(f"night-{number}" for number in range(10))]
    order = sorted(titles, key=lambda title: probes.told(title)["at"])
    assert order[:2] == ["asked", "saved"]
