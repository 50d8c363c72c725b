"""Files to parse, and how they are parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineage_core.ingest.parse_stage import ParseOptions
from lineage_core.model.files import FileVersion, SourceFile
from lineage_core.settings import Settings, load_settings
from lineage_core.source.hashing import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(root=tmp_path, data_dir=tmp_path / "data", workers=2)


@pytest.fixture
def options(settings: Settings) -> ParseOptions:
    return ParseOptions.of(settings, settings.runs_dir / "r1", 3)


@pytest.fixture
def version(tmp_path: Path) -> Callable[..., FileVersion]:
    """Writes a file and takes its version."""

    def write(content: str | bytes, name: str = "v.sql", dialect: str = "tsql") -> FileVersion:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return hash_file(SourceFile(path=name, location=str(file)), dialect)

    return write
