"""The worker's side: keeps a runner, and has flow runs started through it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessJobConfiguration

from flows.warm.wire import SOCKET_VARIABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

_AGAIN_SECONDS = 5.0
_END_SECONDS = 2.0


class JobConfiguration(ProcessJobConfiguration):
    """A job whose command, where the deployment gives none, is `flows.warm.run`."""

    def prepare_for_flow_run(self, *arguments: Any, **named: Any) -> None:
        """Set the command, then everything else as Prefect does."""
        self.command = self.command or command_to_string([sys.executable, "-m", "flows.warm.run"])
        super().prepare_for_flow_run(*arguments, **named)


@asynccontextmanager
async def warm_runner() -> AsyncIterator[None]:
    """A runner for this process's flow runs, started again if it dies; its runs end with the block."""
    with tempfile.TemporaryDirectory(prefix="lineage-") as folder:  # a data folder's path may be too long for a socket
        address = Path(folder) / "runner.sock"
        os.environ[SOCKET_VARIABLE] = str(address)
        keeping = asyncio.create_task(_keep(str(address)))
        try:
            yield
        finally:
            del os.environ[SOCKET_VARIABLE]
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


async def _keep(address: str) -> None:
    while True:
        runner = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "flows.warm.runner", address, stdin=asyncio.subprocess.PIPE
        )
        try:
            await runner.wait()
        finally:
            if runner.stdin is not None:
                runner.stdin.close()
            if runner.returncode is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_END_SECONDS):
                        await runner.wait()
        await asyncio.sleep(_AGAIN_SECONDS)
