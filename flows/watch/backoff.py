"""How long to wait before the next try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits that double from `first` to `most` seconds, until something works again."""

    first: float
    most: float
    _next: float = 0.0

    def next(self) -> float:
        """Seconds to wait now; the next wait is twice as long."""
        wait = self._next or self.first
        self._next = min(2 * wait, self.most)
        return wait

    def reset(self) -> None:
        """It works: begin anew."""
        self._next = 0.0
