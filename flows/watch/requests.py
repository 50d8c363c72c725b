"""`lineage flush` talks to the watcher by files in its folder, as the two need not see each other's processes.

A request is an empty file `<id>.request`; the watcher, which watches the folder, answers with `<id>.answer`.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from flows.watch.state import StateFile, read_state
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.settings import Settings

ANSWER_SECONDS = 40.0
"""More than the watcher itself waits for Prefect's answer."""

_REQUEST, _ANSWER = ".request", ".answer"
_OLD_SECONDS = 3600.0


def ask_to_flush(settings: Settings, seconds: float = ANSWER_SECONDS) -> str:
    """Have the watcher of the settings' project and root hand on what it holds; what it says has happened.

    Raises:
        ServerError: no watcher runs, or it does not answer.
    """
    state = read_state(settings)
    if state is None or not state.running:
        raise ServerError(
            f"No watcher of project {settings.project} runs.",
            hint="Start one with `lineage up` or `lineage watch`; INGEST_PROJECT and INGEST_ROOT say which is meant.",
        )
    request = StateFile(settings).requests / f"{uuid.uuid4().hex}{_REQUEST}"
    answer = request.with_suffix(_ANSWER)
    try:
        request.touch()
        _wait_for(answer, seconds)
        return answer.read_text()
    except OSError as error:
        raise ServerError(
            f"The watcher (process {state.process.pid} on {state.host}) did not answer in {seconds:.0f} s.",
            hint="Its log says what it is busy with; `lineage status` shows its last error.",
        ) from error
    finally:
        request.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def waiting_requests(folder: Path) -> Iterator[Path]:
    """The requests that wait for an answer. What was left behind by somebody who did not wait is deleted."""
    for file in sorted(folder.iterdir()):
        if file.suffix == _REQUEST:
            yield file
        elif time.time() - file.stat().st_mtime > _OLD_SECONDS:
            file.unlink(missing_ok=True)


def answer(request: Path, text: str) -> None:
    """Answer a request in one step, if somebody still waits for it."""
    if request.exists():
        draft = request.with_suffix(".new")
        draft.write_text(text)
        draft.replace(request.with_suffix(_ANSWER))
        request.unlink(missing_ok=True)


def _wait_for(file: Path, seconds: float) -> None:
    """Return once the file is there.

    Raises:
        TimeoutError: it does not come.
    """
    end = time.monotonic() + seconds
    while not file.exists():
        if time.monotonic() > end:
            raise TimeoutError(str(file))
        time.sleep(0.05)
