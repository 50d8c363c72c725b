"""One incremental run of a project and root at a time, by a concurrency limit that a killed run does not hold for ever.

The slot is leased: a run renews the lease as long as it lives, and the server takes the slot back a minute after that.
A worker that starts as its pool's only one frees it at once (`flows.reconcile`).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

from flows.project_key import project_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from lineage_core.settings import Settings

PREFIX = "lineage-incremental-"
"""Of the names of these limits, by which they are found again."""

LEASE_SECONDS = 60
"""The shortest that Prefect's server grants."""


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Wait until no other incremental run of the project and root is at work, then keep others waiting."""
    name = PREFIX + project_key(settings)
    with ExitStack() as held:
        try:
            held.enter_context(_slot(name))
        except ConcurrencySlotAcquisitionError:
            _make(name)
            held.enter_context(_slot(name))
        yield


def _slot(name: str) -> AbstractContextManager[None]:
    """A lease that cannot be renewed does not end the run: two at once are safe, only wasteful."""
    return concurrency(name, lease_duration=LEASE_SECONDS, strict=True, raise_on_lease_renewal_failure=False)


def _make(name: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        except ObjectAlreadyExists:
            return
