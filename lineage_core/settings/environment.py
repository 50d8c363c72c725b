"""How a setting is called outside."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices


def env(name: str) -> Any:
    """A field's environment name; the field's own name works in lineage.toml and in arguments."""
    return AliasChoices(name, name.lower())
