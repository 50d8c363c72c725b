"""Runs the replay flow in this process, on the Prefect server of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.prefect_session import prefect_session, server_needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.prefect_environment import Chatter
    from lineage_core.graph.replay_result import ReplayResult
    from lineage_core.settings import Settings


def run_replay(
    settings: Settings,
    file: str | None,
    project: str | None,
    *,
    say: Callable[[str], None],
    chatter: Chatter = "quiet",
) -> ReplayResult:
    """Write dead letters again; see `flows.replay.replay`.

    Args:
        settings: as the flow will load them.
        file: the dead letter file, None for the data folder's.
        project: whose rows, None for all.
        say: takes a line for people, such as that a server is being started.
        chatter: whether Prefect's log shows on the console.

    Raises:
        LineageError: what is wrong with the file, the settings, Neo4j or Prefect.
    """

    def prepare() -> None:
        import flows.replay  # noqa: F401 - half a second that the server's start hides

    with prefect_session(settings, chatter=chatter, meanwhile=prepare, say=say) as server:
        if server.local:
            say(f"Prefect UI, while this runs: {server.ui_url}")
        from flows.outcome import report_of
        from flows.replay import replay

        with server_needed():
            result: ReplayResult = report_of(replay(file=file, project=project, return_state=True))
        return result
