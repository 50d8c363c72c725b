"""`lineage ingest`: runs the bulk flow in this process, on the Prefect server of PREFECT_API_URL or a local one."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import EXIT_FAILED, options, say
