"""Where people find the servers of a running stack, and how they get in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.local_prefect import read_server
from flows.prefect_auth import auth_file
from lineage_core.graph.server.config import password_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.stack.state import StackState
    from lineage_core.settings import Settings


def urls(state: StackState, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Name, address and way in of each. Secrets are not told, but where they are kept."""
    parts = state.parts
    if "prefect" in parts:
        yield "Prefect UI", parts["prefect"].url, _prefect_login(settings)
    if "neo4j" in parts and settings.neo4j_uri:
        yield "Neo4j", parts["neo4j"].url, f"user {settings.neo4j_user}"
    elif "neo4j" in parts:
        login = f"user neo4j, password in {password_file(settings).absolute()}"
        yield "Neo4j Browser", parts["neo4j"].url, login
    if "metrics" in parts:
        yield "Metrics", parts["metrics"].url, ""


def _prefect_login(settings: Settings) -> str:
    server = None if settings.prefect_api_url else read_server(settings.prefect_dir)
    if server is None or not server.address.secured:
        return ""
    return f"auth string in {auth_file(settings.prefect_dir).absolute()}"
