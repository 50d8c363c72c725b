"""Decoding: byte order mark, UTF-16 without one, UTF-8, cp1252; binary content is refused."""

from __future__ import annotations

import gzip
import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_core.errors import SourceError
from lineage_core.source.decode import decode, open_text

if TYPE_CHECKING:
    from pathlib import Path

SQL = "SELECT naïve, 'Größe €', \"日本\"\r\nFROM [dbo].[Straße];\n\r-- fin"

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")))
WESTERN = st.text(st.characters(codec="cp1252", exclude_categories=("Cc",)))
UTF16_BODY = PRINTABLE.map(lambda text: "".join(one for one in text if 0 not in one.encode("utf-16-le")))
ASCII_SQL = st.text(st.sampled_from("SELECT a.b, [c] FROM\r\n\t;()=*'"), min_size=1)


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("utf-8", SQL.encode()),
        ("utf-8-sig", SQL.encode("utf-8-sig")),
        ("utf-16", b"\xff\xfe" + SQL.encode("utf-16-le")),
        ("utf-16", b"\xfe\xff" + SQL.encode("utf-16-be")),
        ("utf-32", b"\xff\xfe\x00\x00" + SQL.encode("utf-32-le")),
        ("utf-32", b"\x00\x00\xfe\xff" + SQL.encode("utf-32-be")),
        ("utf-16-le", SQL.encode("utf-16-le")),
        ("utf-16-be", SQL.encode("utf-16-be")),
    ],
)
def test_text_comes_back_with_its_newlines_and_without_its_mark(encoding: str, raw: bytes) -> None:
    decoded = decode(raw)
    assert (decoded.text, decoded.encoding, decoded.lossy) == (SQL, encoding, False)


def test_what_is_not_utf8_is_cp1252() -> None:
    assert decode("SELECT 'Größe: 5 €'".encode("cp1252")).text == "SELECT 'Größe: 5 €'"


def test_bytes_that_cp1252_does_not_know_are_latin1() -> None:
    decoded = decode(b"SELECT '\x81\xe4'")
    assert (decoded.text, decoded.encoding) == ("SELECT '\x81ä'", "latin-1")


def test_an_empty_file_is_empty_text() -> None:
    assert (decode(b"").text, decode(b"").encoding) == ("", "utf-8")


def test_broken_text_behind_a_mark_is_mended_and_said() -> None:
    decoded = decode(b"\xef\xbb\xbfSELECT '\xff'")
    assert (decoded.text, decoded.encoding, decoded.lossy) == ("SELECT '\ufffd'", "utf-8-sig", True)
    assert decode(b"\xff\xfeS\x00E").lossy


@pytest.mark.parametrize(
    ("raw", "message", "hint"),
    [
        (gzip.compress(b"SELECT 1", mtime=0), "a gzip archive", "Unpack"),
        (b"PGDMP\x01\x0e", "a pg_dump archive", "pg_restore"),
        (b"PK\x03\x04rest", "a zip archive", "Unpack"),
        (b"SELECT 1" * 20 + b"\0" + b"SELECT 2", "a NUL at byte 160", "lineageignore"),
        (bytes(range(1, 256)) * 4, "control characters", "lineageignore"),
        (b"\x7fELF" + bytes(60), "a NUL", "lineageignore"),
        (b"\x01\xd8" * 40 + b"a\x00" * 40, "no text in UTF-16", "lineageignore"),
    ],
    ids=["gzip", "pg_dump", "zip", "NUL", "control characters", "ELF", "not UTF-16"],
)
def test_binary_content_is_refused_with_what_to_do(raw: bytes, message: str, hint: str) -> None:
    with pytest.raises(SourceError, match=f"looks binary.*{message}") as error:
        decode(raw)
    assert hint in error.value.hint


@given(PRINTABLE)
def test_utf8_comes_back(text: str) -> None:
    bom_free = text.removeprefix("\ufeff")
    assert decode(bom_free.encode()).text == bom_free


@given(PRINTABLE, st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]))
def test_text_with_a_mark_comes_back(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@given(ASCII_SQL, UTF16_BODY, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf16_without_a_mark_comes_back(sql: str, comment: str, encoding: str) -> None:
    text = sql + comment[: len(sql)]
    assert decode(text.encode(encoding)).text == text


@given(WESTERN)
def test_cp1252_comes_back_unless_it_happens_to_be_utf8(text: str) -> None:
    decoded = decode(text.encode("cp1252"))
    assert decoded.encoding == "utf-8" or decoded.text == text


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    try:
        decoded = decode(raw)
    except SourceError:
        return
    assert decoded.lossy or raw.decode(decoded.encoding) == decoded.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | ASCII_SQL.map(str.encode) | PRINTABLE.map(lambda text: text.encode("utf-16")))
def test_a_stream_gives_what_the_whole_gives(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "x.sql"
    file.write_bytes(raw)
    try:
        whole = decode(raw)
    except SourceError:
        with pytest.raises(SourceError):
            open_text(file)
        return
    encoding, stream, lossy = open_text(file)
    with stream:
        assert (stream.read(), encoding, lossy) == (whole.text, whole.encoding, whole.lossy)


def test_a_stream_finds_the_encoding_at_the_far_end(tmp_path: Path) -> None:
    file = tmp_path / "x.sql"
    file.write_bytes(b"SELECT 1;\n" * 300_000 + "-- é".encode("cp1252"))
    encoding, stream, _ = open_text(file)
    with stream:
        stream.seek(3_000_000, io.SEEK_SET)
        assert (stream.read(), encoding) == ("-- é", "cp1252")


def test_a_stream_of_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.sql")
    with pytest.raises(OSError, match="not a file but a named pipe"):
        open_text(tmp_path / "x.sql")
