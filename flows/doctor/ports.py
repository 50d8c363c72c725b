"""Checks of the ports that the stack listens on: each is free, or taken by the stack itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.doctor.check import Check, failed, ok, skipped
from flows.local_prefect import read_server
from flows.ports import described_holder, is_free
from lineage_core.graph.server.process import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.doctor.check import Answer, Setup


def port_check(about: str, field: str, variable: str, elsewhere: str, is_ours: Callable[[Setup, int], bool]) -> Check:
    """The check of one port.

    Args:
        about: what it is called.
        field: the setting of the port.
        variable: its environment name.
        elsewhere: setting of a server of the user's own that makes the port needless, if there is such a thing.
        is_ours: whether it is the stack, or a server of this data folder, that listens on a port.
    """

    def ask(setup: Setup) -> Answer:
        if elsewhere and getattr(setup.settings, elsewhere):
            return skipped(f"not needed: {elsewhere.upper()} names a server")
        port = int(getattr(setup.settings, field))
        if not port:
            return skipped(f"not needed: {variable} is 0")
        if is_free(port):
            return ok(f"{port} is free")
        if is_ours(setup, port):
            return ok(f"{port} is in use by this stack")
        return failed(
            f"{port} is in use by {described_holder(port)}", f"Stop it, or set {variable} to a port that is free."
        )

    return Check(about, ask)


def _neo4j(setup: Setup, _port: int) -> bool:
    return EmbeddedServer(setup.settings).status().running


def _prefect(setup: Setup, port: int) -> bool:
    server = read_server(setup.settings.prefect_dir)
    return server is not None and server.address.port == port


def _metrics(setup: Setup, port: int) -> bool:
    part = setup.stack.parts.get("metrics") if setup.stack else None
    return part is not None and part.condition == "up" and f":{port}/" in part.url


PORTS = (
    port_check("Port of Neo4j", "neo4j_bolt_port", "LINEAGE_NEO4J_BOLT_PORT", "neo4j_uri", _neo4j),
    port_check("Port of Neo4j Browser", "neo4j_http_port", "LINEAGE_NEO4J_HTTP_PORT", "neo4j_uri", _neo4j),
    port_check("Port of Prefect", "prefect_port", "LINEAGE_PREFECT_PORT", "prefect_api_url", _prefect),
    port_check("Port of the metrics", "metrics_port", "LINEAGE_METRICS_PORT", "", _metrics),
)
