"""Tests that share servers of their own are of one xdist group, and so in one process, which starts the servers once."""

import pytest


@pytest.mark.xdist_group("heavy")
def test_a_group_reaches_who_divides_the_tests(request: pytest.FixtureRequest, worker_id: str) -> None:
    if worker_id == "master":
        pytest.skip("the tests are not divided (-n 2 --dist loadgroup)")
    assert request.node.nodeid.endswith("@heavy"), (
        "pytest-xdist, with --dist loadgroup, marks a group by the end of the test's id"
    )
