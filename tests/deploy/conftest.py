"""What the files of deploy/ are held against: variables that are read, commands that exist, the server's settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import prefect.settings
import pytest
from typer.main import get_command

from flows.cli import app
from flows.server_environment import Address, server_environment
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHECKOUT = Path(__file__).resolve().parents[2]

OURS = {str(choice) for field in Settings.model_fields.values() for choice in field.validation_alias.choices}
OF_OTHERS = {"LINEAGE_DEBUG", "DO_NOT_TRACK", "PYTHONUNBUFFERED", "XDG_CACHE_HOME"}

PLACES = {"HOME", "API_URL", "SERVER_API_HOST", "SERVER_CORS_ALLOWED_ORIGINS", "SERVER_UI_STATIC_DIRECTORY"}
"""Variables of Prefect that differ with the place where a server runs."""


class Unknown(Protocol):
    """Picks what does not exist out of what is given."""

    def __call__(self, given: Iterable[str]) -> list[str]:
        """The unknown ones."""
        ...


class UnknownWords(Protocol):
    """Picks what `lineage` does not take out of a command line."""

    def __call__(self, command: Sequence[str]) -> list[str]:
        """The sub-commands and options that there are not."""
        ...


@pytest.fixture(scope="session")
def deploy_folder() -> Path:
    """The folder under test."""
    return CHECKOUT / "deploy"


@pytest.fixture(scope="session")
def unknown_variables() -> Unknown:
    """The environment variables that neither the project nor Prefect reads."""
    known = OURS | OF_OTHERS
    return lambda given: [name for name in given if name not in known and not hasattr(prefect.settings, name)]


@pytest.fixture(scope="session")
def unknown_words() -> UnknownWords:
    """What the `lineage` command does not have."""

    def unknown(command: Sequence[str]) -> list[str]:
        name, *words = command
        assert Path(name).name == "lineage"
        found = get_command(app)
        while words and hasattr(found, "commands"):
            word = words.pop(0)
            if word not in found.commands:
                return [word]
            found = found.commands[word]
        options = {option for parameter in found.params for option in parameter.opts}
        return [word for word in words if word.startswith("-") and word not in options]

    return unknown


@pytest.fixture(scope="session")
def server_settings() -> dict[str, str]:
    """What the Prefect server of `lineage up` has in its environment, without what depends on the place."""
    local = server_environment(load_settings(), Address(port=4200))
    return {name: value for name, value in local.items() if name.removeprefix("PREFECT_") not in PLACES}
