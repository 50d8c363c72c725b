"""What came of a replay of dead letters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from lineage_core.graph.letter_rows import Fate, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


class ReplayResult(BaseModel):
    """Rows by what became of them. `reasons` says of each kept one why, `failures` what was not tried to its end."""

    written: int = 0
    kept: int = 0
    superseded: int = 0
    waiting: int = 0
    reasons: list[str] = Field(default_factory=list)
    failures: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], failures: Iterable[str] = ()) -> ReplayResult:
        """The sum of what became of letters."""
        every = list(verdicts)
        counts = Counter(verdict.fate.value for verdict in every)
        reasons = [_reason(verdict) for verdict in every if verdict.fate is Fate.KEPT]
        return cls(**counts, reasons=reasons, failures=list(failures))

    @property
    def failed(self) -> bool:
        """Whether a row is still not in the graph that should be."""
        return bool(self.kept or self.failures)

    @property
    def outcome(self) -> str:
        """One line."""
        counts = {fate.value: getattr(self, fate.value) for fate in Fate}
        said = [f"{count} {name}" for name, count in counts.items() if count]
        return ", ".join([*said, *self.failures]) or "there are no dead letters"


def _reason(verdict: Verdict) -> str:
    letter = verdict.then or verdict.letter
    what = letter.row.get("name") or letter.row.get("type") or letter.kind
    tries = f" ({letter.tries} replays in vain)" if letter.tries > 1 else ""
    return f"{letter.file}: {letter.kind} {what}: {letter.error}: {letter.message}{tries}"
