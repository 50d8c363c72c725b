"""prefect.yaml as far as this project reads it: the work pool with its queues, and what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from lineage_core.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


class Pool(BaseModel):
    """`definitions.pool`, which Prefect itself does not read. `queues` are name to priority, 1 served first."""

    name: str
    type: str
    queues: dict[str, int]


class Definitions(BaseModel):
    """`definitions`."""

    pool: Pool


class Deployment(BaseModel):
    """One of `deployments`."""

    name: str
    entrypoint: str
    description: str = ""


class PrefectFile(BaseModel):
    """A prefect.yaml."""

    definitions: Definitions
    deployments: list[Deployment]


def read_prefect_file(path: Path) -> PrefectFile:
    """The declarations of a prefect.yaml.

    Raises:
        SettingsError: there is none, or it does not declare a pool and deployments.
    """
    try:
        return PrefectFile.model_validate(YAML(typ="safe").load(path))
    except FileNotFoundError as error:
        hint = "Run this in the folder of prefect.yaml, or name the file with --file."
        raise SettingsError(f"There is no {path}.", hint=hint) from error
    except (YAMLError, ValidationError) as error:
        hint = "It needs definitions.pool with name, type and queues, and deployments."
        raise SettingsError(f"{path} cannot be used: {error}", hint=hint) from error
