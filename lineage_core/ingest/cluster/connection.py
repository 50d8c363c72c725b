"""The connection to a Dask cluster: made with a look at its workers, made again when it was lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lineage_core.errors import ClusterError, ClusterLostError, SettingsError
from lineage_core.ingest.cluster.on_worker import require_version, worker_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client, Future

    from lineage_core.settings import Settings

CONNECT_SECONDS = 10.0
"""That a scheduler may take to answer, and its first worker to be there."""

AWAY_SECONDS = 60.0
"""That a run waits for a scheduler that was lost, or for another worker when there is none left."""

_LOOK_AGAIN_SECONDS = 5.0


class Cluster:
    """A Dask cluster with workers that have this project in this version. Usable from several threads.

    Args:
        settings: `dask_scheduler_address` is used.

    Raises:
        SettingsError: it is empty, or no address.
        ClusterError: of every method: Dask is not installed, the scheduler does not answer, there are no workers, or
            one of them has another version.
        ClusterLostError: of every method: the connection was lost, or the last worker; the same again may work.
    """

    def __init__(self, settings: Settings) -> None:
        self.address = settings.dask_scheduler_address
        self._opening = threading.Lock()
        self._closed = False
        self._lost_since: float | None = None
        self._given_up: ClusterError | None = None
        self._client = _connect(self.address)

    def threads(self) -> dict[str, int]:
        """The workers there are now, and the threads of each."""
        with self._connected() as client:
            return dict(client.nthreads())

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Have a worker make the call; Dask gives it to another one if that worker is lost."""
        with self._connected() as client:
            return client.submit(call, pure=False)

    def result(self, future: Future[Any]) -> Any:
        """Wait for what a call gave.

        Raises:
            KilledWorker: too many workers were lost with it.
            Exception: what the call raised.
            CancelledError: the cluster was closed here.
        """
        idle_since: float | None = None
        while True:
            try:
                return future.result(timeout=_LOOK_AGAIN_SECONDS)
            except TimeoutError:
                idle_since = self._without_workers(idle_since)
            except (CancelledError, OSError) as error:
                raise self._lost(str(error)) from error
            except ModuleNotFoundError as error:
                raise _unfit(f"A Dask worker of {self.address}", error) from error

    def close(self) -> None:
        """Leave the cluster; who waits gets CancelledError."""
        self._closed = True
        self._client.close()

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        """A client that is connected; if that ends in the body, the cluster was lost."""
        try:
            yield self._open()
        except OSError as error:
            raise self._lost(str(error)) from error

    def _open(self) -> Client:
        with self._opening:
            if self._closed:
                raise CancelledError
            if self._client.status != "running":
                self._connect_again()
            return self._client

    def _connect_again(self) -> None:
        """Those who ask later are spared a connection that has been tried in vain for a minute."""
        self._client.close()
        if self._given_up is not None:
            raise self._given_up
        self._lost_since = self._lost_since or time.monotonic()
        try:
            self._client = _connect(self.address)
        except ClusterError as error:
            if time.monotonic() - self._lost_since < AWAY_SECONDS:
                raise ClusterLostError(error.message, hint=error.hint) from error
            self._given_up = error
            raise
        self._lost_since = None

    def _without_workers(self, since: float | None) -> float | None:
        """Since when there is no worker; None if there is one."""
        if self.threads():
            return None
        now = time.monotonic()
        if since is not None and now - since > AWAY_SECONDS:
            raise self._lost("its last worker is gone")
        return since or now

    def _lost(self, reason: str) -> Exception:
        if self._closed:
            return CancelledError()
        return ClusterLostError(
            f"The Dask cluster at {self.address} was lost: {reason}.",
            hint="See the scheduler's and the workers' logs, then run again: what was parsed is in the cache.",
        )


def _connect(address: str) -> Client:
    """A client of a scheduler that has at least one worker, all of them of this version."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            f"INGEST_EXECUTOR is dask, and Dask cannot be imported: {error}.",
            hint="Run `make setup`, or pip install 'sql-lineage-graph[dask]'; or set INGEST_EXECUTOR=local.",
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="lineage")
    except OSError as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address}: {error}.",
            hint="Start it (`dask scheduler`), correct DASK_SCHEDULER_ADDRESS, or set INGEST_EXECUTOR=local.",
        ) from error
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"DASK_SCHEDULER_ADDRESS={address} is no address: {error}.", hint="It is one as tcp://10.0.0.5:8786."
        ) from error
    try:
        _look_at_workers(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _look_at_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise ClusterError(
            f"The Dask scheduler at {address} has no workers.",
            hint=f"Start some: `dask worker {address}`, each where this project is installed.",
        ) from error
    for worker, version in client.run(worker_version, on_error="return").items():
        if isinstance(version, OSError):
            continue  # it left while it was asked
        if isinstance(version, Exception):
            raise _unfit(f"The Dask worker {worker}", version)
        require_version(version, f"The Dask worker {worker}")


def _unfit(who: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"{who} cannot run this project: {error}.",
        hint="Install it, of the same version, where the worker runs, and start the worker again.",
    )
