"""The bar in the Prefect UI, on a real server; the clock is the test's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.progress import Silent
from flows.progress_artifact import ProgressArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator


class Bar:
    """The artifact, the clock it goes by, and what the server has of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.artifact = ProgressArtifact(Silent(), clock=lambda: self.now)

    def shown(self) -> tuple[float, str]:
        """Percent and description as the UI gets them."""
        assert self.artifact._artifact is not None
        with get_client(sync_client=True) as client:
            found = client.request("GET", "/artifacts/{id}", path_params={"id": self.artifact._artifact}).json()
        return float(found["data"]), str(found["description"])


@pytest.fixture
def bar(prefect_api: str) -> Iterator[Bar]:
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield Bar()


def test_it_goes_from_stage_to_stage_and_never_back_and_ends_full(bar: Bar) -> None:
    bar.artifact.start("hash", 10)
    bar.artifact.advance("hash", 10)
    bar.now = 3.0
    bar.artifact.start("parse", 10)
    assert bar.shown() == (5.0, "parse: 0 of 10 files")
    bar.now = 6.0
    bar.artifact.advance("parse", 10)
    assert bar.shown() == (55.0, "parse: 10 of 10 files")
    bar.now = 9.0
    bar.artifact.start("parse", 40)
    assert bar.shown() == (55.0, "parse: 10 of 50 files"), "more files have to be linked again"
    bar.artifact.end("7 changes in the graph", whole=True)
    assert bar.shown() == (100.0, "7 changes in the graph")


def test_it_is_renewed_every_other_second_at_most(bar: Bar) -> None:
    bar.artifact.start("write", 100)
    bar.now = 1.9
    bar.artifact.advance("write", 50)
    assert bar.artifact._artifact is None, "a short run costs the server nothing before its end"
    bar.now = 2.1
    bar.artifact.advance("write", 10)
    bar.now = 3.0
    bar.artifact.advance("write", 10)
    assert bar.shown() == (15.0, "write: 60 of 100 files")


def test_a_run_that_did_not_do_everything_stays_where_it_stopped(bar: Bar) -> None:
    bar.artifact.start("parse", 10)
    bar.now = 3.0
    bar.artifact.advance("parse", 4)
    bar.artifact.end("parse batch-000 (6 files): it failed", whole=False)
    assert bar.shown() == (20.0, "parse batch-000 (6 files): it failed")


def test_a_server_that_is_away_is_tried_once_and_then_left_alone_for_a_while(bar: Bar) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        bar.artifact.start("parse", 10)
        bar.now = 3.0
        began = time.monotonic()
        bar.artifact.advance("parse", 4)
        assert time.monotonic() - began < 30, "Prefect's client would try for a minute"
    bar.now = 32.0
    bar.artifact.advance("parse", 1)
    assert bar.artifact._artifact is None
    bar.now = 34.0
    bar.artifact.advance("parse", 1)
    assert bar.shown() == (30.0, "parse: 6 of 10 files")
