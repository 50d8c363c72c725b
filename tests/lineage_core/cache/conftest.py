"""Settings with a data folder of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Without a database."""
    return load_settings(data_dir=tmp_path / "data")
