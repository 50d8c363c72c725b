"""Parsing as work that can travel: what is sent, what comes back, and that it is what parsing here gives."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.cache.entry import DamagedEntryError, Entry, facts_key, pack, unpack
from lineage_core.cache.parse_cache import ParseCache
from lineage_core.ingest import parse_work
from lineage_core.ingest.cluster.parcel import Parcel, Returned, parse_sent
from lineage_core.ingest.parse_stage import FACTS, FileParse, ParseOptions
from lineage_core.ingest.parse_work import ParseWork
from lineage_core.ingest.spool import Spool
from lineage_core.model.facts import FileFacts
from lineage_core.model.files import FileStatus, FileVersion, SourceFile
from lineage_core.settings import load_settings
from lineage_core.source.hashing import hash_file
from lineage_core.sql.parse import PARSER_VERSION, parse_text

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS: dict[str, bytes] = {
    "a view.sql": b"CREATE VIEW dbo.v AS\nSELECT a FROM dbo.t\nGO\n",
    "utf16.sql": "CREATE TABLE dbo.Größe (Id int)".encode("utf-16"),
    "mended.sql": b"\xef\xbb\xbf-- \xff\nSELECT 1",
    "broken.sql": b"SELECT 1 AS One;\nGO\nSELECT FROM (WHERE\n",
    "binary.sql": b"PK\x03\x04",
    "empty.sql": b"",
    'odd "facts":.sql': b"SELECT ',\"facts\":{' AS x FROM t",
}


@pytest.fixture
def versions(tmp_path: Path) -> list[FileVersion]:
    """Files of every kind, and one that could not be hashed."""
    for name, content in TEXTS.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.sql").mkdir()
    names = [*TEXTS, "folder.sql"]
    return [hash_file(SourceFile(path=name, location=str(tmp_path / name))) for name in names]


def work(tmp_path: Path, side: str, **settings: Any) -> ParseWork:
    """With a run's folder and a cache of that side's own."""
    own = load_settings(data_dir=tmp_path / side, **settings)
    return ParseWork.of(own, own.runs_dir / "r", 3)


def travelled(done_by: ParseWork, versions: Sequence[FileVersion]) -> list[FileParse]:
    """As over a cluster, but for the processes."""
    parcel: Parcel = pickle.loads(pickle.dumps(done_by.pack(versions))).args[0]  # noqa: S301 - our own
    answer = parse_sent(parcel.files, ParseOptions(seconds=parcel.seconds, large=parcel.large))
    return done_by.accept(versions, pickle.loads(pickle.dumps(answer)))  # noqa: S301


def spooled(done_by: ParseWork) -> dict[str, FileFacts]:
    assert done_by.options.run_dir
    return dict(Spool(done_by.options.run_dir).read(FACTS, 3, FileFacts))


def test_what_comes_back_is_what_parsing_here_gives(tmp_path: Path, versions: list[FileVersion]) -> None:
    here, away = work(tmp_path, "here"), work(tmp_path, "away")
    wanted, found = here(versions), travelled(away, versions)
    assert [replace(item, seconds=0) for item in found] == [replace(item, seconds=0) for item in wanted]
    assert spooled(away) == spooled(here)
    assert len(spooled(away)) == len(TEXTS) - 1, "all but the binary one"


def test_the_cache_then_answers_as_if_it_had_been_parsed_here(tmp_path: Path, versions: list[FileVersion]) -> None:
    here, away = work(tmp_path, "here"), work(tmp_path, "away")
    for done in (here(versions), travelled(away, versions)):
        assert not any(item.cached for item in done)
    kept, brought = here(versions), away(versions)
    assert [replace(item, seconds=0) for item in brought] == [replace(item, seconds=0) for item in kept]
    assert [item.path for item in brought if item.cached] == [name for name in TEXTS if name != "binary.sql"]


def test_what_the_cache_has_and_what_could_not_be_read_stays_here(tmp_path: Path, versions: list[FileVersion]) -> None:
    mine = work(tmp_path, "mine")
    assert mine.may_travel(versions) == [True] * len(TEXTS) + [False]
    mine(versions)
    assert [version.path for version, goes in zip(versions, mine.may_travel(versions), strict=True) if goes] == [
        "binary.sql"
    ]
    assert work(tmp_path, "mine", enable_cache=False).may_travel(versions) == [True] * len(TEXTS) + [False]


def test_a_file_that_is_sent_counts_as_a_miss(tmp_path: Path, versions: list[FileVersion]) -> None:
    mine = work(tmp_path, "mine")
    mine.may_travel(versions)
    assert mine.options.cache
    with ParseCache(mine.options.cache) as cache:
        assert (cache.stats().hits, cache.stats().misses) == (0, len(TEXTS))


def test_a_large_file_is_not_sent_but_where_files_are_shared(
    tmp_path: Path, versions: list[FileVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_work, "MOST_BYTES", 30)
    goes = work(tmp_path, "mine").may_travel(versions[:2])
    assert goes == [False, False]
    assert work(tmp_path, "mine", dask_shared_files=True).may_travel(versions[:2]) == [True, True]


def test_contents_travel_so_that_a_worker_needs_no_file(tmp_path: Path, versions: list[FileVersion]) -> None:
    given = versions[0]
    call: Any = work(tmp_path, "mine").pack([given])
    Path(given.location).unlink()
    (returned,) = parse_sent(call.args[0].files, ParseOptions())
    assert returned.result.status == "ok"
    assert unpack(returned.entry, facts_key(given.sha256, "", PARSER_VERSION)).facts == parse_text(
        TEXTS[given.path].decode()
    )


def test_shared_files_are_read_by_the_worker(tmp_path: Path, versions: list[FileVersion]) -> None:
    shared = work(tmp_path, "mine", dask_shared_files=True)
    call: Any = shared.pack(versions)
    assert [file.content for file in call.args[0].files] == [None] * len(versions)
    assert [item.status for item in travelled(shared, versions)] == [
        item.status for item in travelled(work(tmp_path, "other"), versions)
    ]


def test_a_file_that_is_gone_since_it_was_hashed_fails_as_it_would_here(
    tmp_path: Path, versions: list[FileVersion]
) -> None:
    Path(versions[0].location).unlink()
    here, away = (
        done([versions[0]])[0] for done in (work(tmp_path, "x"), lambda given: travelled(work(tmp_path, "y"), given))
    )
    assert away.problems == here.problems
    assert away.problems[0].message == "cannot be read: No such file or directory"


def test_a_file_saved_since_it_was_hashed_is_reported_as_what_was_parsed(
    tmp_path: Path, versions: list[FileVersion]
) -> None:
    Path(versions[0].location).write_bytes(TEXTS["broken.sql"])
    (found,) = travelled(work(tmp_path, "mine"), [versions[0]])
    assert (found.path, found.sha256) == ("a view.sql", versions[3].sha256)


def test_an_answer_that_is_not_what_was_asked_for_gets_nowhere(tmp_path: Path, versions: list[FileVersion]) -> None:
    mine = work(tmp_path, "mine")
    wrong = pack(Entry(key="another", encoding="utf-8", facts=parse_text("SELECT 1")))
    result = FileParse(path="a view.sql", sha256=versions[0].sha256, size=1, status=FileStatus.OK)
    with pytest.raises(DamagedEntryError, match="belongs to another"):
        mine.accept([versions[0]], [Returned(result, wrong)])
    assert spooled(mine) == {}
    assert not mine([versions[0]])[0].cached
