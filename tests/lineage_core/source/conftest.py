"""Fixtures for discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a project whose root is the test's folder."""
    return load_settings(root=tmp_path, data_dir=tmp_path / "data")
