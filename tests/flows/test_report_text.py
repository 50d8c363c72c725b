"""A report as text: the rows of the terminal's table and the Markdown of the artifact."""

from __future__ import annotations

from flows import report_text
from lineage_core.ingest.report import FileCounts, FileProblem, GraphContent, Report
from lineage_core.model.changes import GraphChanges

REPORT = Report(
    run_id="r",
    project="p",
    files=FileCounts(ok=1_200, partial=1, failed=1),
    changes=GraphChanges(nodes_created=5, relationships_deleted=2),
    dialects={"postgres": 2, "tsql": 1_200},
    seconds={"parse": 1.26, "write": 0.04},
    total_seconds=2.5,
    peak_memory=300 * 2**20,
    failed_files=[FileProblem(path="a.sql", message="looks `binary`")],
    problems=[FileProblem(path=f"p{number}.sql", line=number, message="what?") for number in range(1, 300)],
    notes=["x.sql: a symbolic link"],
    content=GraphContent(labels={"File": 3, "Column": 1_000}, types={"DEFINES": 4}),
)


def test_counts_that_are_zero_are_left_out() -> None:
    rows = dict(report_text.summary(REPORT))
    assert rows["Files"] == "1,200 ok, 1 partial, 1 failed"
    assert rows["Dialects"] == "1,200 tsql, 2 postgres"
    assert rows["Nodes"] == "5 created"
    assert rows["Relationships"] == "2 deleted"
    assert rows["Seconds"] == "parse 1.3, write 0.0"
    assert rows["Total"] == "2.5 s, peak memory 300 MiB"


def test_what_the_graph_holds_is_told_the_most_frequent_first() -> None:
    assert list(report_text.content(REPORT)) == [("Column", "1,000"), ("File", "3"), ("DEFINES", "4")]


def test_the_artifact_says_how_it_went_and_names_failures_notes_and_problems() -> None:
    text = report_text.markdown(REPORT)
    assert text.startswith("# Project p: failed\n")
    assert "| Files | 1,200 ok, 1 partial, 1 failed |" in text
    assert "## Failed\n\n- `a.sql: looks 'binary'`" in text
    assert "## Notes\n\n- `x.sql: a symbolic link`" in text
    assert "- `p200.sql:200: what?`\n- and 99 more" in text
    assert "| Column | 1,000 |" in text
