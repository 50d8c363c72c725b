"""The report of a run: what counts as a failure, and how it is told in one line."""

from __future__ import annotations

import pytest

from lineage_core.ingest.report import FileProblem, Report
from lineage_core.model.changes import GraphChanges


def report(**changes: object) -> Report:
    """A report with some fields filled."""
    return Report(run_id="r", project="p", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "filled",
    [
        {"failures": ["write batch-001 (10 files), a.sql to b.sql: refused"]},
        {"failed_files": [FileProblem(path="a.sql", message="looks binary")]},
        {"dead_letters": 3},
    ],
)
def test_a_batch_a_file_or_a_row_that_is_not_in_the_graph_is_a_failure(filled: dict[str, object]) -> None:
    failed = report(**filled)
    assert failed.failed
    assert any(word in failed.outcome for word in ("batch-001", "a.sql", "3 rows"))


def test_statements_that_were_not_understood_are_none() -> None:
    assert not report(problems=[FileProblem(path="a.sql", line=3, message="what?")]).failed


def test_the_outcome_says_what_was_done() -> None:
    assert report().outcome == "nothing changed, nothing was written"
    assert report(changes=GraphChanges(nodes_created=2, relationships_deleted=1)).outcome == "3 changes in the graph"


def test_the_outcome_names_the_first_failures_and_how_many_more_there_are() -> None:
    outcome = report(failures=[f"batch {number}" for number in range(12)]).outcome
    assert "batch 0; batch 1" in outcome
    assert outcome.endswith("and 7 more")


def test_a_problem_reads_as_editors_and_terminals_expect() -> None:
    assert str(FileProblem(path="a.sql", line=3, message="what?")) == "a.sql:3: what?"
    assert str(FileProblem(path="a.sql", message="looks binary")) == "a.sql: looks binary"
