"""Models as JSON gave them, each validated when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class Unread(Mapping[str, M]):
    """Models by name.

    Args:
        model: of every value.
        raw: the values as JSON has them.
    """

    def __init__(self, model: type[M], raw: dict[str, dict[str, Any]]) -> None:
        self._model = model
        self._raw = raw
        self._read: dict[str, M] = {}

    def __getitem__(self, name: str) -> M:
        """One of them.

        Raises:
            KeyError: there is none of that name.
            pydantic.ValidationError: it is not of the model.
        """
        found = self._read.get(name)
        if found is None:
            found = self._read[name] = self._model.model_validate(self._raw[name])
        return found

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name; does not read it."""
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._raw)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._raw)
