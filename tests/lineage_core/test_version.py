"""Versions made from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lineage_core.version
from lineage_core.version import code_version

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_version_follows_from_the_code_and_the_packages() -> None:
    assert code_version("link", "model") == code_version("link", "model")
    assert len({code_version("link"), code_version("sql"), code_version("sql", packages=("sqlglot",))}) == 3


def test_any_change_of_a_source_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage_core.version, "_PACKAGE", tmp_path)
    (tmp_path / "part" / "inner").mkdir(parents=True)
    source = tmp_path / "part" / "inner" / "x.py"
    source.write_text("a = 1\n")
    before = code_version("part")
    source.write_text("a = 2\n")
    assert code_version("part") != before
