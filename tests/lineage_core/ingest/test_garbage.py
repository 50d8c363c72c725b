"""Garbage is looked for seldom while a run goes on, and as before afterwards."""

from __future__ import annotations

import gc

import pytest

from lineage_core.ingest.garbage import SELDOM, collected_seldom


def test_it_is_as_before_afterwards_also_after_an_error() -> None:
    before = gc.get_threshold()
    within = []

    def fail() -> None:
        with collected_seldom():
            within.append(gc.get_threshold())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (within, gc.get_threshold()) == ([SELDOM], before)
