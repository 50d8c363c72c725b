"""What tasks tell the metrics: the size and the time of each try at a batch, and why a task is tried again."""

from __future__ import annotations

from typing import Any, cast

import pytest
from neo4j.exceptions import ClientError, ServiceUnavailable
from prefect.states import Failed

from lineage_core.errors import ClusterLostError
from lineage_core.metrics import REGISTRY, measured_batch
from tasks.parse import parse_batch
from tasks.write import delete_files, write_batch


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_try_at_a_batch_counts_its_files_and_its_time_whether_it_fails_or_not() -> None:
    names = ("batch_size_histogram_count", "batch_size_histogram_sum", "batch_processing_duration_seconds_count")
    before = [value(name, stage="hash") for name in names]
    with measured_batch("hash", 50):
        pass
    with pytest.raises(ValueError, match="a bug"), measured_batch("hash", 10):
        raise ValueError("a bug")
    assert [value(name, stage="hash") - was for name, was in zip(names, before, strict=True)] == [2, 60, 2]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("task", "error", "cause"),
    [
        (write_batch, ServiceUnavailable("down"), "database_away"),
        (delete_files, ServiceUnavailable("down"), "database_away"),
        (parse_batch, ClusterLostError("gone"), "cluster_lost"),
    ],
)
def test_what_is_tried_again_counts_by_its_cause(task: Any, error: Exception, cause: str) -> None:
    before = value("lineage_retries_total", cause=cause)
    condition = cast("Any", task.retry_condition_fn)
    assert condition(task, None, Failed(data=error))
    assert not condition(task, None, Failed(data=ClientError("a bad row")))
    assert value("lineage_retries_total", cause=cause) == before + 1
