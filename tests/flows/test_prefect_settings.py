"""Prefect's settings are other ones in a block, and the same as before afterwards."""

from __future__ import annotations

from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES

from flows.prefect_settings import changed_settings


def test_settings_are_changed_in_the_block_alone() -> None:
    before = PREFECT_API_URL.value(), PREFECT_CLIENT_MAX_RETRIES.value()
    with changed_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        assert PREFECT_CLIENT_MAX_RETRIES.value() == 0
        with changed_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
            assert PREFECT_API_URL.value() == "http://127.0.0.1:9/api"
            assert PREFECT_CLIENT_MAX_RETRIES.value() == 0
    assert (PREFECT_API_URL.value(), PREFECT_CLIENT_MAX_RETRIES.value()) == before
