"""A server of a test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.ports import free_port
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a server that is the test's own; stopped afterwards."""
    found = load_settings(
        data_dir=tmp_path / "data", neo4j_uri="", neo4j_bolt_port=free_port(), neo4j_http_port=free_port()
    )
    yield found
    EmbeddedServer(found).stop()
