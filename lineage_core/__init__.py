"""SQL files to a column-level lineage graph: parsing, linking and the graph. Nothing here knows Prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_core.lineage import Lineage, analyze

__all__ = ["Lineage", "analyze"]


def __getattr__(name: str) -> Any:
    """`analyze` and `Lineage` on first use: the parser is slow to import, which no other part should pay."""
    if name in __all__:
        from lineage_core import lineage

        return getattr(lineage, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
