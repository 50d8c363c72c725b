"""Runs the bulk flow in this process: checks first what can be wrong, then starts what is needed, then runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.prefect_session import prefect_session, server_needed
from flows.progress import Progress, told
from flows.run_folder import make_runs_folder
from lineage_core.graph.connection import locate, open_driver
from lineage_core.ingest.open_pool import check_executor
from lineage_core.ingest.worker import start_fork_server
from lineage_core.source.dialects import DialectPatterns
from lineage_core.source.discover import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flows.prefect_environment import Chatter
    from lineage_core.ingest.report import Report
    from lineage_core.settings import Settings


def run_bulk(
    settings: Settings,
    paths: Sequence[str],
    *,
    progress: Progress,
    say: Callable[[str], None],
    chatter: Chatter = "quiet",
    **parameters: Any,
) -> Report:
    """Ingest `paths`; the report tells how it went.

    Args:
        settings: as the flow will load them from `parameters` and the environment.
        paths: files, folders or globs.
        progress: told how far it is.
        say: takes a line for people, such as that a server is being started.
        chatter: whether Prefect's log shows on the console.
        parameters: of the flow.

    Raises:
        LineageError: what is wrong with paths, settings, Neo4j, Prefect or the data folder.
    """
    DialectPatterns(settings)
    check_executor(settings)
    discover(paths, settings)
    make_runs_folder(settings)
    if settings.enable_batching:
        start_fork_server()  # it imports what parsers need while this process imports Prefect

    def prepare() -> None:
        import flows.bulk  # noqa: F401 - half a second that the server's start hides

        open_driver(locate(settings, progress=say)).close()

    with prefect_session(settings, chatter=chatter, meanwhile=prepare, say=say) as server, told(progress):
        if server.local:
            say(f"Prefect UI, while this runs: {server.ui_url}")
        return _run(list(paths), parameters)


def _run(paths: list[str], parameters: dict[str, Any]) -> Report:
    from flows.bulk import bulk
    from flows.outcome import report_of
    from tasks.results import register

    register()
    with server_needed():
        report: Report = report_of(bulk(paths=paths, **parameters, return_state=True))
    return report
