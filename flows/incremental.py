"""The incremental flow: brings the graph up to date with some files that were saved, moved or deleted."""

from pathlib import PurePath

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.ingest import ingest
from flows.one_at_a_time import one_at_a_time
from lineage_core.ingest.report import Report
from lineage_core.settings import load_settings
from lineage_core.source.look_up import look_up
from tasks.results import RESULTS

_NAMED = 3
"""Files named in a run's name."""


def _run_name() -> str:
    """What the run is about, for lists of runs: `incremental · 3 files · dbo.Trades.sql …`."""
    names = [PurePath(path).name for path in flow_run.get_parameters().get("paths", ())]
    more = " …" if len(names) > _NAMED else ""
    return f"incremental · {len(names)} {'file' if len(names) == 1 else 'files'} · {', '.join(names[:_NAMED])}{more}"


@flow(
    name="incremental",
    flow_run_name=_run_name,
    result_storage=RESULTS,
    result_serializer="json",
    persist_result=False,
)
def incremental(
    paths: list[str],
    project: str | None = None,
    root: str | None = None,
    dialect: str | None = None,
    enable_cache: bool | None = None,  # noqa: FBT001 - parameters of a flow are given by name, in the UI's form
    enable_batching: bool | None = None,  # noqa: FBT001
    confirm_deletions: bool = False,  # noqa: FBT001, FBT002
) -> State[Report]:
    """Bring the graph up to date with files that changed; the rest of the project is taken as the graph knows it.

    Files whose `SELECT *` or unqualified columns depend on what those define are linked again. A path that is gone is
    deleted from the graph, with everything below it if it was a folder.

    Args:
        paths: Files or folders that changed, below the project root.
        project: Name of the project in the graph. Empty: as INGEST_PROJECT says.
        root: Folder that file names in the graph are relative to. Empty: as INGEST_ROOT says.
        dialect: Dialect of files that no path pattern decides. Empty: as INGEST_DIALECT says, else found in each file.
        enable_cache: Keep the facts of each content, so that it is parsed once. Empty: as ENABLE_PARSE_CACHE says.
        enable_batching: Parse in parallel and write in batches. Empty: as ENABLE_BATCHING says.
        confirm_deletions: Delete files that are gone even if they are more than INGEST_MAX_DELETE_SHARE allows.

    Returns:
        A completed state with the run's report; or a failed one that names what failed.
    """
    settings = load_settings(
        project=project or None,
        root=root or None,
        dialect=dialect or None,
        enable_cache=enable_cache,
        enable_batching=enable_batching,
    )
    with one_at_a_time(settings):
        return ingest("incremental", settings, lambda known: look_up(paths, known), confirm_deletions=confirm_deletions)
