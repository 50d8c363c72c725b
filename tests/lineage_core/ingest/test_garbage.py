"""Garbage is looked for seldom once a run has begun."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from lineage_core.ingest.garbage import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_as_before")
def test_a_hundred_thousand_objects_that_live_are_looked_through_once_or_twice() -> None:
    collect_seldom()
    before = [generation["collections"] for generation in gc.get_stats()]

    kept = [[] for _ in range(100_000)]

    looks = [generation["collections"] - earlier for generation, earlier in zip(gc.get_stats(), before, strict=True)]
    assert len(kept) == 100_000
    assert 1 <= looks[0] <= 2
    assert looks[1:] == [0, 0]
