"""Models as JSON, each validated when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)

_KEPT = 500
"""Models that stay read."""


class Unread(Mapping[str, M]):
    """Models by name. Those that were asked for last are kept.

    Args:
        model: of every value.
        texts: the values as JSON.
    """

    def __init__(self, model: type[M], texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._read = lru_cache(_KEPT)(lambda name: model.model_validate_json(texts[name]))

    def __getitem__(self, name: str) -> M:
        """One of them.

        Raises:
            KeyError: there is none of that name.
            pydantic.ValidationError: it is not of the model.
        """
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name; does not read it."""
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)
