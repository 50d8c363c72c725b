"""What decides whether Prefect runs a task again: the key of a batch, and the errors that may pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from neo4j.exceptions import ClientError, ServiceUnavailable, TransientError
from prefect.states import Failed

from lineage_core.errors import ClusterError, ClusterLostError
from lineage_core.model.files import FileVersion
from tasks.parse import batch_key, parse_batch
from tasks.write import RETRY_DELAYS, delete_files, write_batch

if TYPE_CHECKING:
    from prefect import Task

    from tasks.run import IngestRun

A = FileVersion(path="a.sql", location="/a.sql", sha256="1" * 64, size=3)
B = FileVersion(path="b.sql", location="/b.sql", sha256="2" * 64, size=4)


def test_the_key_of_a_batch_is_the_same_for_the_same_contents_wherever_they_lie() -> None:
    moved = replace(A, location="/elsewhere/a.sql", mtime_ns=7)
    assert batch_key([A, B]) == batch_key([moved, B])


@pytest.mark.parametrize(
    "change",
    [{"sha256": "3" * 64}, {"dialect": "tsql"}, {"path": "c.sql"}],
    ids=["another content", "another dialect", "another path"],
)
def test_another_file_makes_another_key(change: dict[str, str]) -> None:
    assert batch_key([A, B]) != batch_key([replace(A, **change), B])


def test_another_order_or_number_of_files_makes_another_key() -> None:
    assert len({batch_key([A, B]), batch_key([B, A]), batch_key([A])}) == 3


def test_a_batch_with_an_unreadable_file_has_no_key() -> None:
    assert batch_key([A, replace(B, error="cannot be read")]) == ""


def test_without_a_key_prefect_s_cache_is_off() -> None:
    key = cast("Any", parse_batch).cache_key_fn
    assert key(None, {"key": ""}) is None
    assert key(None, {"key": "parse-1"}) == "parse-1"


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("task", [write_batch, delete_files], ids=["write", "delete"])
@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ServiceUnavailable("down"), True),
        (TransientError("a deadlock"), True),
        (ClientError("a bad row"), False),
        (RuntimeError("a bug"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(task: Task[..., Any], error: Exception, again: bool) -> None:  # noqa: FBT001
    condition = cast("Any", task.retry_condition_fn)
    assert condition(task, None, Failed(data=error)) is again
    assert task.retry_delay_seconds == [1, 2, 4, 8, 16] == RETRY_DELAYS
    assert task.retries == 5


@pytest.mark.parametrize(
    ("error", "again"), [(ClusterLostError("gone"), True), (ClusterError("not there"), False), (OSError("full"), False)]
)
def test_a_batch_is_parsed_again_if_the_cluster_was_lost(error: Exception, again: bool) -> None:  # noqa: FBT001
    condition = cast("Any", parse_batch.retry_condition_fn)
    assert condition(parse_batch, None, Failed(data=error)) is again
    assert parse_batch.retry_delay_seconds == RETRY_DELAYS


def test_after_a_write_that_was_tried_in_vain_the_others_are_tried_once(run: IngestRun) -> None:
    down = Failed(data=ServiceUnavailable("down"))
    (give_up,) = cast("Any", write_batch).on_failure_hooks
    give_up(write_batch, None, Failed(data=RuntimeError("a bug")))
    assert not run.database_lost.is_set()
    give_up(write_batch, None, down)
    assert cast("Any", write_batch.retry_condition_fn)(write_batch, None, down) is False
