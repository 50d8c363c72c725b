"""What a check is: a question with an answer for people, and what to do if it is a bad one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.stack.state import StackState
    from lineage_core.settings import Settings

Verdict = Literal["ok", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What is checked: the settings, the folders to watch (absolute), and the stack that runs on them, if one does."""

    settings: Settings
    roots: tuple[str, ...]
    stack: StackState | None = None


class Answer(BaseModel):
    """What came out. `hint` is the next step after a failure."""

    verdict: Verdict
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it is about, and how it is answered."""

    about: str
    ask: Callable[[Setup], Answer]


def ok(message: str) -> Answer:
    """It is as it should be."""
    return Answer(verdict="ok", message=message)


def skipped(message: str) -> Answer:
    """It cannot be known now, or does not matter."""
    return Answer(verdict="skipped", message=message)


def failed(message: str, hint: str) -> Answer:
    """It is not, and this helps."""
    return Answer(verdict="failed", message=message, hint=hint)
