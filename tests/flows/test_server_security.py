"""The local Prefect server: for this machine only, and not for pages of other sites that are open in a browser on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from flows.ports import holder

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "https://elsewhere.example"


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Requests as a browser makes them: it knows nothing of Prefect's client."""
    with httpx.Client(trust_env=False) as client:
        yield client


def test_nobody_but_this_machine_reaches_it(prefect_api: str) -> None:
    server = holder(urlsplit(prefect_api).port or 0)
    assert server is not None
    listening = [one.laddr.ip for one in server.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert set(listening) == {"127.0.0.1"}


def test_what_changes_something_needs_a_token_that_other_sites_cannot_get(
    prefect_api: str, browser: httpx.Client
) -> None:
    refused = browser.post(f"{prefect_api}/flows/", json={"name": "csrf"})
    assert refused.status_code == 403
    assert "CSRF" in refused.text


def test_other_sites_may_not_read_its_answers(prefect_api: str, browser: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    own = prefect_api.removesuffix("/api")
    allowed = {
        origin: browser.options(f"{prefect_api}/flows/filter", headers={**asked, "Origin": origin}).headers.get(
            "access-control-allow-origin"
        )
        for origin in (ELSEWHERE, own)
    }
    assert allowed == {ELSEWHERE: None, own: own}
    answer = browser.get(f"{prefect_api}/health", headers={"Origin": ELSEWHERE})
    assert "access-control-allow-origin" not in answer.headers
