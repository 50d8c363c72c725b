"""The debounce window: when the changes that came are handed on. Pure; the clock is the caller's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineage_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """What closes a window: `debounce` seconds of quiet, `max_files` paths, or `max_wait` seconds after its first."""

    debounce: float
    max_files: int
    max_wait: float

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """As the settings say."""
        return cls(settings.watch_debounce_seconds, settings.watch_max_files, settings.watch_max_wait_seconds)


@dataclass(slots=True)
class Window:
    """Paths that changed since the last window was taken, each once. Times are seconds of any steady clock."""

    limits: Limits
    _paths: set[str] = field(default_factory=set)
    _opened: float = 0.0
    _last: float = 0.0
    _closed: bool = False

    def __len__(self) -> int:
        """Number of paths."""
        return len(self._paths)

    @property
    def paths(self) -> frozenset[str]:
        """What has come so far."""
        return frozenset(self._paths)

    def add(self, paths: Iterable[str], now: float) -> None:
        """Changes at `now`; the first ones open the window."""
        new = set(paths)
        if not new:
            return
        if not self._paths:
            self._opened = now
        self._last = now
        self._paths |= new

    def close(self) -> None:
        """Close it by hand, if it is open."""
        self._closed = bool(self._paths)

    def due(self) -> float | None:
        """When it closes if nothing more comes; None while it is empty."""
        if not self._paths:
            return None
        if self._closed or len(self._paths) >= self.limits.max_files:
            return self._opened
        return min(self._last + self.limits.debounce, self._opened + self.limits.max_wait)

    def take(self) -> set[str]:
        """Its paths; it is empty then."""
        taken, self._paths, self._closed = self._paths, set(), False
        return taken
