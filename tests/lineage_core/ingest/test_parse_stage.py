"""Parsing files: from bytes to facts in the spool, through the cache, and one bad file costs that file."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cache.parse_cache import ParseCache, facts_key
from lineage_core.errors import CacheError, DataFolderError
from lineage_core.ingest.parse_stage import FACTS, FileParse, ParseOptions, failed_parse, parse_files
from lineage_core.ingest.pool import ParserPool
from lineage_core.ingest.spool import Spool
from lineage_core.model.facts import FileFacts
from lineage_core.model.files import FileStatus, FileVersion, SourceFile
from lineage_core.settings import Settings, load_settings
from lineage_core.source.hashing import hash_file
from lineage_core.sql.parse import PARSER_VERSION, parse_text

VIEW = "CREATE VIEW dbo.v AS\nSELECT a FROM dbo.t\nGO\n"


def spooled(options: ParseOptions) -> dict[str, FileFacts]:
    assert options.run_dir
    return dict(Spool(options.run_dir).read(FACTS, options.batch, FileFacts))


def parse_one(version: FileVersion, options: ParseOptions, parse: Any = parse_text) -> FileParse:
    (result,) = parse_files([version], options, parse)
    return result


def never(*_: object) -> FileFacts:
    pytest.fail("it was parsed again")


def test_a_file_gives_its_facts_to_the_spool_and_a_summary(version: Any, options: ParseOptions) -> None:
    given = version(VIEW.encode("utf-16"), dialect="")
    result = parse_one(given, options)
    assert (result.path, result.sha256, result.size) == ("v.sql", given.sha256, given.size)
    assert (result.encoding, result.dialect, result.status) == ("utf-16", "tsql", FileStatus.OK)
    assert (result.problems, result.cached) == ((), False)
    assert result.seconds > 0
    assert spooled(options) == {"v.sql": parse_text(VIEW, "tsql")}


def test_results_come_in_the_order_of_the_files(version: Any, options: ParseOptions) -> None:
    versions = [version(f"SELECT {number}", f"{number}.sql") for number in (2, 0, 1)]
    assert [result.path for result in parse_files(versions, options)] == ["2.sql", "0.sql", "1.sql"]
    assert list(spooled(options)) == ["2.sql", "0.sql", "1.sql"]


def test_an_empty_file_is_ok_and_says_nothing(version: Any, options: ParseOptions) -> None:
    result = parse_one(version(""), options)
    assert (result.status, result.size, result.problems) == (FileStatus.OK, 0, ())
    assert spooled(options)["v.sql"].statements == ()


def test_a_bad_statement_makes_the_file_partial_and_says_where(version: Any, options: ParseOptions) -> None:
    result = parse_one(version(f"{VIEW}SELECT FROM (WHERE\nGO\n{VIEW.replace('v', 'w')}"), options)
    assert result.status is FileStatus.PARTIAL
    assert [problem.line for problem in result.problems] == [4]
    assert [item.name for item in spooled(options)["v.sql"].objects] == ["dbo.v", "dbo.w"]


def test_text_that_had_to_be_mended_makes_the_file_partial(version: Any, options: ParseOptions) -> None:
    given = version(b"\xef\xbb\xbf-- \xff\nSELECT 1")
    for _ in range(2):
        result = parse_one(given, options)
        assert result.status is FileStatus.PARTIAL
        assert "replaced by U+FFFD" in result.problems[0].message


# One bad file costs that file.


def test_a_binary_file_fails_with_what_to_do(version: Any, options: ParseOptions) -> None:
    results = parse_files([version(b"PK\x03\x04", "zip.sql"), version(VIEW)], options)
    assert [result.status for result in results] == [FileStatus.FAILED, FileStatus.OK]
    assert "a zip archive" in results[0].problems[0].message
    assert "Unpack" in results[0].problems[0].message
    assert list(spooled(options)) == ["v.sql"]


def test_a_file_that_could_not_be_hashed_fails_with_that_reason(tmp_path: Path, options: ParseOptions) -> None:
    (tmp_path / "x.sql").mkdir()
    result = parse_one(hash_file(SourceFile(path="x.sql", location=str(tmp_path / "x.sql"))), options)
    assert result.status is FileStatus.FAILED
    assert [problem.message for problem in result.problems] == ["cannot be read: not a file but a folder"]


def test_a_file_that_is_gone_since_it_was_hashed_fails(version: Any, options: ParseOptions) -> None:
    given = version(VIEW)
    Path(given.location).unlink()
    result = parse_one(given, options)
    assert result.status is FileStatus.FAILED
    assert result.problems[0].message == "cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("x"), r"the parser failed with KeyError: 'x' \(test_parse_stage.py:\d+\)"),
        (RecursionError(), "is nested too deeply to parse"),
        (MemoryError(), "needs more memory than INGEST_MEMORY_LIMIT allows"),
    ],
    ids=["anything", "recursion", "memory"],
)
def test_whatever_the_parser_raises_costs_the_file(
    version: Any, options: ParseOptions, error: Exception, message: str
) -> None:
    def parse(text: str, dialect: str = "") -> FileFacts:
        if "bad" in text:
            raise error
        return parse_text(text, dialect)

    bad, good = parse_files([version("bad", "bad.sql"), version(VIEW)], options, parse)
    assert (bad.status, good.status) == (FileStatus.FAILED, FileStatus.OK)
    assert bad.sha256
    assert re.fullmatch(message, bad.problems[0].message)


def test_sql_nested_a_hundred_thousand_deep_costs_the_file(version: Any, settings: Settings) -> None:
    """Whether the parser refuses it, gives up or takes its process along."""
    deep = version("SELECT " + "(" * 100_000 + "1" + ")" * 100_000, "deep.sql")
    options = ParseOptions.of(settings, settings.runs_dir / "r1", 0)
    with ParserPool(settings) as pool:
        results = pool.run_batch(partial(parse_files, options=options), [deep, version(VIEW)], failed_parse)
    assert results[0].status is not FileStatus.OK
    assert results[0].problems
    assert results[1].status is FileStatus.OK


def test_a_file_saved_since_it_was_hashed_is_reported_as_what_was_parsed(
    version: Any, settings: Settings, options: ParseOptions
) -> None:
    before = version("SELECT 1")
    after = version(VIEW)
    result = parse_one(before, options)
    assert (result.sha256, result.size) == (after.sha256, after.size)
    assert spooled(options)["v.sql"] == parse_text(VIEW, "tsql")
    with ParseCache(settings) as cache:
        assert cache.get(facts_key(before.sha256, "tsql", PARSER_VERSION)) is None
        assert cache.get(facts_key(after.sha256, "tsql", PARSER_VERSION)) is not None


# The cache.


def test_the_same_content_is_parsed_once_and_its_file_not_read_again(version: Any, options: ParseOptions) -> None:
    given = version(VIEW.encode("cp1252"))
    first = parse_one(given, options)
    Path(given.location).unlink()
    second = parse_one(replace(given, path="copy.sql"), options, never)
    assert (second.path, second.cached) == ("copy.sql", True)
    assert replace(second, path=first.path, cached=False, seconds=first.seconds) == first
    assert spooled(options)["copy.sql"] == spooled(options)["v.sql"]


def test_another_dialect_is_another_entry(version: Any, options: ParseOptions) -> None:
    parse_one(version(VIEW), options)
    assert not parse_one(version(VIEW, dialect="postgres"), options).cached
    assert not parse_one(version(VIEW, dialect=""), options).cached
    assert parse_one(version(VIEW, dialect=""), options, never).dialect == "tsql"


def test_without_the_cache_nothing_is_kept(version: Any, tmp_path: Path) -> None:
    settings = load_settings(root=tmp_path, data_dir=tmp_path / "data", enable_cache=False)
    options = ParseOptions.of(settings, settings.runs_dir / "r1")
    for _ in range(2):
        assert not parse_one(version(VIEW), options).cached
    assert not settings.parse_cache_dir.exists()


def test_a_cache_that_cannot_be_used_is_an_error_of_the_run(version: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/.cache").touch()
    with pytest.raises(CacheError, match="cannot be used"):
        parse_one(version(VIEW), ParseOptions.of(load_settings(data_dir=tmp_path / "data")))


def test_a_spool_that_cannot_be_written_is_an_error_of_the_run(version: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(DataFolderError, match="cannot be written"):
        parse_one(version(VIEW), ParseOptions(run_dir=tmp_path / "runs"))


# In worker processes.


def test_a_batch_through_the_pool_is_in_the_spool(version: Any, settings: Settings, options: ParseOptions) -> None:
    versions = [version(VIEW.replace("dbo.v", f"dbo.v{number}"), f"{number:02}.sql") for number in range(20)]
    with ParserPool(settings) as pool:
        results = pool.run_batch(partial(parse_files, options=options), versions, failed_parse)
    assert [result.path for result in results] == [given.path for given in versions]
    assert {path: facts.objects[0].name for path, facts in spooled(options).items()} == {
        f"{number:02}.sql": f"dbo.v{number}" for number in range(20)
    }


def test_a_file_that_takes_too_long_is_given_up(
    version: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    workloads = importlib.import_module("pool_workloads")
    function = partial(parse_files, options=ParseOptions(seconds=0.3), parse=workloads.endless)
    with ParserPool(settings) as pool:
        bad, good = pool.run_batch(function, [version("endless", "bad.sql"), version("fine")], failed_parse)
    assert (bad.status, good.status) == (FileStatus.FAILED, FileStatus.OK)
    assert bad.problems[0].message == "took too long to parse and was given up"


def test_native_code_that_takes_too_long_is_ended_with_its_process(
    version: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    workloads = importlib.import_module("pool_workloads")
    function = partial(workloads.parsed_with_short_grace, options=ParseOptions(seconds=0.3))
    with ParserPool(settings) as pool:
        bad, good = pool.run_batch(function, [version("endless", "bad.sql"), version("fine")], failed_parse)
    assert (bad.status, good.status) == (FileStatus.FAILED, FileStatus.OK)
    assert bad.problems[0].message == "the parser process took too long and was ended"


def test_a_worker_needs_neither_prefect_nor_neo4j_nor_rich() -> None:
    script = "import sys; import lineage_core.ingest.parse_stage; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    imported = {name.split(".")[0] for name in run.stdout.split()}
    assert imported & {"prefect", "neo4j", "rich", "typer", "pydantic_settings", "httpx"} == set()
