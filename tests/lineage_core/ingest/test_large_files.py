"""Files that are parsed in pieces: they give what they would give as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineage_core.ingest.parse_stage import ParseOptions, parse_file
from lineage_core.model.files import FileStatus
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from lineage_core.model.facts import FileFacts

VIEW = "CREATE VIEW dbo.v AS\nSELECT a FROM dbo.t\nGO\n"


def test_a_large_file_gives_what_it_would_give_in_one_piece(
    version: Any, options: ParseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_core.ingest.file_facts._PIECE_CHARACTERS", 100)
    views = "".join(VIEW.replace("dbo.v", f"dbo.v{number}").replace("\n", "\r\n") for number in range(50))
    procedure = "CREATE PROCEDURE dbo.p AS\nSELECT a INTO #t FROM dbo.t\nINSERT dbo.u SELECT a FROM #t\nGO\n"
    broken = "SELECT FROM (WHERE\nGO\n"
    given = version(f"USE [sales]\nGO\n{views}{procedure}{broken}".encode("utf-16"), dialect="")
    whole, facts = parse_file(given, options)
    streamed, streamed_facts = parse_file(given, ParseOptions(large=0))
    assert streamed_facts == facts
    assert replace(streamed, seconds=whole.seconds) == whole


def test_a_large_file_of_data_has_facts_that_are_small(version: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_core.ingest.file_facts._PIECE_CHARACTERS", 1_000)
    inserts = "".join(f"INSERT dbo.t (a, b) VALUES ({number}, 'x')\nGO\n" for number in range(500))  # noqa: S608 - no query is run
    flow = "INSERT dbo.t (a) SELECT a FROM dbo.s\nGO\n"
    result, facts = parse_file(version(inserts + flow), ParseOptions(large=0))
    assert result.status is FileStatus.OK
    assert facts
    assert [(item.line, item.reads, item.writes) for item in facts.statements] == [
        (1, (), ("dbo.t",)),
        (1001, ("dbo.s",), ("dbo.t",)),
    ]


def test_a_large_file_that_keeps_changing_fails(version: Any, tmp_path: Path) -> None:
    given = version(VIEW)

    def parse(text: str, dialect: str = "") -> FileFacts:
        with (tmp_path / "v.sql").open("a") as file:
            file.write("-- more\n")
        return parse_text(text, dialect)

    result, _ = parse_file(given, ParseOptions(large=0), parse=parse)
    assert result.status is FileStatus.FAILED
    assert "is being written to" in result.problems[0].message
