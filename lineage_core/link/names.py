"""Matching of names that were written with more or fewer parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")


def suffix_lookup(named: Mapping[str, Value], name: str) -> Value | None:
    """The entry whose name equals `name`, or is the only one that agrees with it in all the parts both have.

    `orders` finds `dbo.orders` and `sales.dbo.orders` finds it too, as long as there is one candidate only.
    """
    if name in named:
        return named[name]
    found = [key for key in named if key.endswith(f".{name}") or name.endswith(f".{key}")]
    return named[found[0]] if len(found) == 1 else None
