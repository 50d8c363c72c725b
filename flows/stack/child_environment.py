"""The environment that makes a process of the stack see the settings that `lineage up` was given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

if TYPE_CHECKING:
    from lineage_core.settings import Settings

_PLACES = ("root", "data_dir", "prefect_home", "neo4j_jars_dir", "java_home")


def settings_environment(settings: Settings) -> dict[str, str]:
    """Variables from which any process, in any folder, loads the same settings.

    Only what was set, on the command line, in the environment or in lineage.toml, and the folders: what is left to its
    default stays so.
    """
    places = {name: place.absolute() for name in _PLACES if (place := getattr(settings, name)) is not None}
    given = {name: getattr(settings, name) for name in settings.model_fields_set} | places
    return {_variable(settings, name): _text(value) for name, value in sorted(given.items()) if value is not None}


def _variable(settings: Settings, name: str) -> str:
    alias: Any = type(settings).model_fields[name].validation_alias
    return str(alias.choices[0])


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float | Path) else json.dumps(value)
