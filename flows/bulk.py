"""The bulk flow: brings the graph up to date with a tree of SQL files."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.ingest import ingest
from lineage_core.ingest.report import Report
from lineage_core.settings import load_settings
from lineage_core.source.discover import discover
from tasks.results import RESULTS


def _run_name() -> str:
    """What the run is about, for lists of runs."""
    paths = flow_run.get_parameters().get("paths") or ["the whole project"]
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"bulk · {paths[0]}{more}"


@flow(
    name="bulk",
    flow_run_name=_run_name,
    result_storage=RESULTS,
    # Never pickle: what is in the database could run code in who reads it.
    result_serializer="json",
    persist_result=False,
)
def bulk(
    paths: list[str] | None = None,
    project: str | None = None,
    root: str | None = None,
    dialect: str | None = None,
    enable_cache: bool | None = None,  # noqa: FBT001 - parameters of a flow are given by name, in the UI's form
    enable_batching: bool | None = None,  # noqa: FBT001
    clear_cache: bool = False,  # noqa: FBT001, FBT002
    force: bool = False,  # noqa: FBT001, FBT002
    confirm_deletions: bool = False,  # noqa: FBT001, FBT002
) -> State[Report]:
    """Bring the graph up to date with files, folders or globs; what did not change costs nothing.

    Each stage works on batches of at most 50 files (hash: 500), a task run each. A batch that fails makes the run fail,
    and the other batches are written all the same; a retry of the run writes only what failed. A file that the graph
    has and the paths do not have any more is deleted from the graph.

    Args:
        paths: Files, folders or globs, relative to the deployment's folder. Empty: the whole project (INGEST_ROOT).
        project: Name of the project in the graph. Empty: as INGEST_PROJECT says.
        root: Folder that file names in the graph are relative to. Empty: as INGEST_ROOT says.
        dialect: Dialect of files that no path pattern decides. Empty: as INGEST_DIALECT says, else found in each file.
        enable_cache: Keep the facts of each content, so that it is parsed once. Empty: as ENABLE_PARSE_CACHE says.
        enable_batching: Parse in parallel and write in batches. Off is the plain path, to compare with: one file after
            the other in this process, one row a transaction. Empty: as ENABLE_BATCHING says.
        clear_cache: Forget what was parsed before.
        force: Parse, link and compare all files even if none changed.
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
    return ingest(
        "bulk",
        settings,
        lambda known: discover(paths or [str(known.root)], known),
        clear_cache=clear_cache,
        force=force,
        confirm_deletions=confirm_deletions,
        count_graph=True,
    )
