"""The spool: what was written comes back, whole or not at all, and a folder that cannot be used is a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from lineage_core.errors import DataFolderError
from lineage_core.ingest.spool import Spool
from lineage_core.model.facts import FileFacts, ObjectFact, Statement
from lineage_core.model.files import FileStatus
from lineage_core.model.kinds import ObjectKind
from lineage_core.model.rows import FileRows, NodeRow, RelRow
from lineage_core.model.schema import Label, RelType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACTS = FileFacts(
    dialect="tsql",
    objects=(ObjectFact(kind=ObjectKind.VIEW, name="dbo.v", definition='SELECT "a"\r\n\t\u2028 FROM t'),),
    statements=(Statement(kind="view", renames=(("a", "b"),), creates={"#t": ("x",)}, owner=0),),
)


class Number(BaseModel):
    """Something to spool."""

    value: int


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "runs/r1")


def test_facts_come_back_in_order(spool: Spool) -> None:
    records = [(f"a/{number} 'ü\".sql", FACTS) for number in range(5)]
    file = spool.write("facts", 3, records)
    assert file.relative_to(spool.folder).as_posix() == "00003/facts.jsonl.z"
    assert list(spool.read("facts", 3, FileFacts)) == records


def test_rows_come_back_through_their_validation(spool: Spool) -> None:
    file, table = "urn:li:file:p:a.sql", "urn:li:data_asset:p:dbo.t"
    rows = FileRows(
        path="a.sql",
        status=FileStatus.OK,
        file={"path": "a.sql", "size": 3, "errors": ["x"]},
        nodes=[NodeRow(label=Label.DATA_ASSET, id=table, name="t", sublabel="Table", props={"schema": "dbo"})],
        rels=[
            RelRow(
                type=RelType.DEFINES,
                start_label=Label.FILE,
                start=file,
                end_label=Label.DATA_ASSET,
                end=table,
                source_file="a.sql",
                line=2,
                confidence=0.5,
            )
        ],
        rejected=[({"id": ""}, "an id must start with 'urn:li:'")],
        digest="d",
    )
    spool.write("rows", 0, [("a.sql", rows)])
    assert list(spool.read("rows", 0, FileRows)) == [("a.sql", rows)]


def test_batches_are_found_by_kind_in_order(spool: Spool) -> None:
    for batch in (10, 2, 0):
        spool.write("facts", batch, [(f"{batch}.sql", Number(value=batch))])
    spool.write("rows", 7, [])
    assert spool.batches("facts") == [0, 2, 10]
    assert [number.value for _, number in spool.read_all("facts", Number)] == [0, 2, 10]
    assert list(spool.read_all("rows", Number)) == []


def test_what_was_never_written_is_not_there(spool: Spool) -> None:
    assert spool.batches("facts") == []
    assert list(spool.read("facts", 0, Number)) == []


def test_paths_are_found_whatever_their_batch(spool: Spool) -> None:
    spool.write("facts", 0, [("a", Number(value=1)), ("b", Number(value=2))])
    spool.write("facts", 1, [("c", Number(value=3))])
    assert spool.find("facts", ["c", "a", "gone"], Number) == {"a": Number(value=1), "c": Number(value=3)}


def test_parts_of_a_batch_are_read_together(spool: Spool) -> None:
    spool.write("facts", 0, [("a", Number(value=1))], part="f0")
    spool.write("facts", 0, [("b", Number(value=2))], part="f1")
    assert dict(spool.read("facts", 0, Number)) == {"a": Number(value=1), "b": Number(value=2)}


def test_of_a_path_written_twice_the_last_word_counts(spool: Spool) -> None:
    old = spool.write("facts", 0, [("a", Number(value=1)), ("b", Number(value=1))], part="z-first")
    os.utime(old, ns=(0, 0))
    spool.write("facts", 0, [("a", Number(value=2))], part="a-retry")
    assert dict(spool.read("facts", 0, Number)) == {"a": Number(value=2), "b": Number(value=1)}
    spool.write("facts", 0, [("b", Number(value=3))], part="z-first")
    assert dict(spool.read("facts", 0, Number)) == {"a": Number(value=2), "b": Number(value=3)}


def test_a_file_that_was_not_finished_is_not_there(spool: Spool) -> None:
    def records() -> Iterator[tuple[str, Number]]:
        yield "a", Number(value=1)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        spool.write("facts", 0, records())
    assert not any(file.is_file() for file in spool.folder.rglob("*"))


def test_a_large_record_comes_back(spool: Spool) -> None:
    text = os.urandom(2_000_000).hex()
    facts = FACTS.model_copy(update={"objects": (replace(FACTS.objects[0], definition=text),)})
    spool.write("facts", 0, [("a", facts), ("b", FACTS)])
    assert list(spool.read("facts", 0, FileFacts)) == [("a", facts), ("b", FACTS)]


def test_discard_leaves_nothing(spool: Spool) -> None:
    spool.write("facts", 0, [])
    spool.discard()
    spool.discard()
    assert not spool.folder.exists()


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_file_that_is_cut_off_is_an_error(spool: Spool, cut: int) -> None:
    file = spool.write("facts", 0, [("a", Number(value=1))])
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(DataFolderError, match=r"00000/facts\.jsonl\.z cannot be read"):
        list(spool.read("facts", 0, Number))


def test_garbage_is_an_error(spool: Spool) -> None:
    file = spool.write("facts", 0, [("a", Number(value=1))])
    file.write_bytes(b"garbage")
    with pytest.raises(DataFolderError, match="cannot be read"):
        list(spool.read("facts", 0, Number))


def test_another_model_is_an_error(spool: Spool) -> None:
    spool.write("facts", 0, [("a", Number(value=1))])
    with pytest.raises(DataFolderError, match="cannot be read"):
        list(spool.read("facts", 0, FileFacts))


@pytest.mark.parametrize("place", ["file", "proc"])
def test_a_data_folder_that_cannot_be_written_names_the_setting(tmp_path: Path, place: str) -> None:
    """Permissions do not stop root; a file where a folder should be does, and so does a file system without files."""
    (tmp_path / "file").touch()
    folder = {"file": tmp_path / "file/runs", "proc": tmp_path.__class__("/proc/lineage/runs")}[place]
    with pytest.raises(DataFolderError, match="cannot be written") as error:
        Spool(folder).write("facts", 0, [("a", Number(value=1))])
    assert "LINEAGE_DATA_DIR" in error.value.hint


def test_a_full_disk_names_the_setting_and_leaves_no_half_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: writing fails in the middle."""
    script = (
        "import os, resource, sys\n"
        "from pathlib import Path\n"
        "from lineage_core.errors import DataFolderError\n"
        "from lineage_core.ingest.spool import Spool\n"
        "from lineage_core.model.facts import FileFacts\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    Spool(Path(sys.argv[1])).write('facts', 0, [(os.urandom(50_000).hex(), FileFacts(dialect='ansi'))])\n"
        "except DataFolderError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert f"{tmp_path}/run/00000 cannot be written: File too large." in run.stdout
    assert "LINEAGE_DATA_DIR" in run.stdout
    assert not any(file.is_file() for file in (tmp_path / "run").rglob("*"))
