"""The flow behind the button: Run on the deployment flush/flush does what `lineage flush` does."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.watch.requests import ask_to_flush
from lineage_core.settings import load_settings


@flow(name="flush", flow_run_name="flush the watcher's window", persist_result=False)
def flush() -> State[str]:
    """Have the watcher ingest what it holds now, instead of when its window closes.

    Returns:
        A completed state that says what came of it. The run fails if no watcher runs.
    """
    outcome = ask_to_flush(load_settings())
    return Completed(message=outcome, data=outcome)
