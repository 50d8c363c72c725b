"""How far a run is, as a bar in the Prefect UI: a progress artifact, renewed every other second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.runtime import flow_run
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from flows.prefect_settings import changed_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.progress import Progress

KEY = "ingest-progress"

_SHARES = {"hash": 5.0, "parse": 50.0, "link": 20.0, "write": 25.0}
"""Percent of a cold run that a stage takes, roughly; stages that are not named take none."""

_EVERY_SECONDS = 2.0
_AFTER_TROUBLE_SECONDS = 30.0
"""Until a server that did not answer is told again: finding that out takes two seconds, in which the run waits."""
_LONGEST = 99.0
"""Percent until the run has ended."""


class ProgressArtifact:
    """Tells the UI what the flow tells it, and another listener as well.

    Args:
        other: is told everything first.
        clock: seconds.
    """

    def __init__(self, other: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._other = other
        self._clock = clock
        self._done: dict[str, int] = {}
        self._totals: dict[str, int] = {}
        self._artifact: UUID | None = None
        self._percent = 0.0
        self._tell_at = clock() + _EVERY_SECONDS

    def start(self, stage: str, total: int) -> None:
        """A stage begins, or has more to do than it was said before."""
        self._other.start(stage, total)
        self._totals[stage] = self._totals.get(stage, 0) + total
        self._tell(stage)

    def advance(self, stage: str, count: int) -> None:
        """Some of it is done."""
        self._other.advance(stage, count)
        self._done[stage] = self._done.get(stage, 0) + count
        self._tell(stage)

    def end(self, outcome: str, *, whole: bool) -> None:
        """The run is over: at 100 % if everything was done, else where it stopped."""
        self._keep(100.0 if whole else self._percent, outcome)

    def _tell(self, stage: str) -> None:
        """Never backwards: a stage that gets more to do later seems to wait."""
        now = self._clock()
        if now < self._tell_at:
            return
        self._tell_at = now + _EVERY_SECONDS
        shares = [
            _SHARES.get(name, 0.0) * self._done.get(name, 0) / total for name, total in self._totals.items() if total
        ]
        self._percent = min(max(self._percent, *shares, sum(shares)), _LONGEST)
        try:  # a server that is away costs the bar a step, and not the run: Prefect's client would try for a minute
            with changed_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
                self._keep(self._percent, f"{stage}: {self._done.get(stage, 0):,} of {self._totals[stage]:,} files")
        except httpx.HTTPError:
            self._tell_at = now + _AFTER_TROUBLE_SECONDS

    def _keep(self, percent: float, description: str) -> None:
        """Not by Prefect's functions for it, which leave a connection open at each call."""
        with get_client(sync_client=True) as client:
            if self._artifact is None:
                run_id = flow_run.get_id()
                made = ArtifactCreate(
                    key=KEY,
                    type="progress",
                    data=percent,
                    description=description,
                    flow_run_id=UUID(run_id) if run_id else None,
                )
                self._artifact = client.create_artifact(made).id
            else:
                client.update_artifact(self._artifact, ArtifactUpdate(data=percent, description=description))
