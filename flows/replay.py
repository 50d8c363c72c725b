"""The replay flow: dead letters are written again; what the database takes now leaves their file."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.metrics.runs import counted_run
from flows.outcome import ended
from flows.replay_text import markdown
from lineage_core.errors import SourceError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.dead_letters import DeadLetter, read
from lineage_core.graph.faults import is_transient
from lineage_core.graph.replay import letter_batches, replay_letters, settle
from lineage_core.graph.replay_result import ReplayResult
from lineage_core.graph.writer import prepare
from lineage_core.settings import Settings, load_settings
from tasks.replay import replay_batch

if TYPE_CHECKING:
    from lineage_core.graph.letter_rows import Verdict


def _run_name() -> str:
    """What the run is about, for lists of runs."""
    given = flow_run.get_parameters()
    return " · ".join(["replay", *(str(given[name]) for name in ("project", "file") if given.get(name))])


@flow(name="replay", flow_run_name=_run_name, persist_result=False)
def replay(file: str | None = None, project: str | None = None) -> State[ReplayResult]:
    """Write dead letters again: rows that the database refused when their files were ingested.

    Those that it takes now leave the dead letter file, and so do those whose file has been ingested anew since, or is
    gone. The others stay, with the latest error. A second replay changes nothing.

    Args:
        file: The dead letter file. Empty: the one in the data folder (LINEAGE_DATA_DIR).
        project: Only the rows of this project. Empty: of all.

    Returns:
        A completed state that counts the rows; or a failed one that names those which are still not in the graph.
    """
    settings = load_settings()
    with counted_run("replay", settings) as counted:
        letters = due_letters(settings, file, project)
        result = _replayed(settings, letter_file(settings, file), letters) if letters else ReplayResult()
        counted.ended_well = not result.failed
    create_markdown_artifact(markdown(result), key="replay-report", description=result.outcome)
    return ended(result, result.outcome, failed=result.failed)


def letter_file(settings: Settings, file: str | None) -> Path:
    """The dead letter file that is meant."""
    return Path(file) if file else settings.dead_letters


def due_letters(settings: Settings, file: str | None, project: str | None) -> list[DeadLetter]:
    """The letters of the file, and of the project if one is given.

    Raises:
        SourceError: the given file is not there.
    """
    path = letter_file(settings, file)
    if file and not path.is_file():
        raise SourceError(f"There is no dead letter file {path}.", hint="Without --file it is the data folder's.")
    return [letter for letter in read(path) if project in {None, "", letter.project}]


def _replayed(settings: Settings, path: Path, letters: list[DeadLetter]) -> ReplayResult:
    """Batch by batch; what one achieved is kept in the file although another fails."""
    verdicts: list[Verdict] = []
    failures: list[str] = []
    database = locate(settings)
    with open_driver(database) as driver:
        prepare(driver, database.name)
        write = partial(replay_letters, driver, database.name, batch_size=settings.batch_size)
        for number, batch in enumerate(letter_batches(letters)):
            title = f"batch-{number:03d} ({len(batch)} rows)"
            done = replay_batch(title, batch, write, return_state=True).result(raise_on_failure=False)
            if isinstance(done, BaseException):
                failures.append(f"{title} from {batch[0].file}: {type(done).__name__}: {done}")
                if is_transient(done):
                    break  # the database is away; the other batches would wait as long for nothing
            else:
                verdicts += done
    settle(path, verdicts)
    return ReplayResult.of(verdicts, failures)
