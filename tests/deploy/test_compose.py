"""deploy/compose.yaml: its form, and that what it names exists. Docker's own check runs where Docker has Compose."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from lineage_core.graph.server import config
from lineage_core.graph.server.jars import NEO4J_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Unknown, UnknownWords

Seconds = re.compile(r"\d+s")
REFERENCE = re.compile(r"\$\{(\w+)(?::\?[^}]*)?\}")
IN_JVM_OPTIONS = {"server.memory.heap.initial_size", "server.memory.heap.max_size"}
"""Settings of Neo4j that the embedded server has on its command line."""

SECRETS = {"NEO4J_PASSWORD", "PREFECT_API_AUTH_STRING"}


class Strict(BaseModel):
    """Nothing but what is listed: a misspelt key is an error, as it is to Compose."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Health(Strict):
    """`healthcheck`."""

    disable: bool = False
    test: list[str] = []
    interval: str = Field("30s", pattern=Seconds.pattern)
    timeout: str = Field("30s", pattern=Seconds.pattern)
    start_period: str = Field("0s", pattern=Seconds.pattern)
    start_interval: str = Field("5s", pattern=Seconds.pattern)
    retries: int = 3


class Need(Strict):
    """One of `depends_on`."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Bind(Strict):
    """How a folder of the machine is mounted."""

    create_host_path: bool


class Mount(Strict):
    """A folder of the machine, in the long form."""

    type: Literal["bind"]
    source: str
    target: str
    read_only: bool
    bind: Bind


class Build(Strict):
    """`build`."""

    context: str
    dockerfile: str


class Service(Strict):
    """One of `services`. `environment` holds text only: Compose would turn a bare true or 1 into what it likes."""

    image: str
    restart: Literal["unless-stopped", "on-failure", "always"]
    healthcheck: Health
    cap_drop: list[Literal["ALL"]]
    security_opt: list[str]
    environment: dict[str, str]
    volumes: list[str | Mount]
    logging: dict[Literal["driver"], str]
    stop_grace_period: str = Field(pattern=Seconds.pattern)
    build: Build | None = None
    command: list[str] = []
    depends_on: dict[str, Need] = {}
    env_file: str = ""
    hostname: str = ""
    init: bool = False
    ports: list[str] = []
    read_only: bool = False
    tmpfs: list[str] = []
    user: str = ""

    @property
    def of_project(self) -> bool:
        """Whether it runs the project's own image."""
        return self.build is not None


class Compose(BaseModel):
    """The file. Further keys are the `x-` ones that services are made of."""

    name: str
    services: dict[str, Service]
    volumes: dict[str, None]


@pytest.fixture(scope="module")
def raw(deploy_folder: Path) -> dict[str, Any]:
    loaded = YAML(typ="safe").load(deploy_folder / "compose.yaml")
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def compose(raw: dict[str, Any]) -> Compose:
    return Compose.model_validate(raw)


@pytest.fixture(scope="module")
def example(deploy_folder: Path) -> dict[str, str]:
    """The variables of .env.example, those in comments too."""
    lines = (deploy_folder / ".env.example").read_text().splitlines()
    return dict(re.findall(r"^#?([A-Z]\w*)=(.*)$", "\n".join(lines), re.MULTILINE))


def test_the_file_has_the_parts_of_a_stack_and_no_key_that_compose_does_not_know(
    raw: dict[str, Any], compose: Compose
) -> None:
    assert set(compose.services) == {"neo4j", "prefect", "deployments", "worker", "watcher"}
    assert [key for key in raw if key not in Compose.model_fields and not key.startswith("x-")] == []


def test_every_service_that_stays_is_looked_after_and_the_one_that_ends_is_not_restarted(compose: Compose) -> None:
    for name, service in compose.services.items():
        once = name == "deployments"
        assert service.restart == ("on-failure" if once else "unless-stopped"), name
        assert service.healthcheck.disable == once, name
        assert once or service.healthcheck.test[0] == "CMD", name
        assert int(service.stop_grace_period[:-1]) > 10, f"{name} is given more than the 10 s it may take"


def test_services_wait_for_what_they_need(compose: Compose) -> None:
    for name, service in compose.services.items():
        for other, need in service.depends_on.items():
            assert other in compose.services, name
            ends = compose.services[other].healthcheck.disable
            assert need.condition == ("service_completed_successfully" if ends else "service_healthy"), name
    assert set(compose.services["deployments"].depends_on) == {"prefect"}
    assert set(compose.services["worker"].depends_on) == {"neo4j", "deployments"}
    assert set(compose.services["watcher"].depends_on) == {"neo4j", "deployments"}


def test_every_volume_is_declared_and_every_declared_one_is_used(compose: Compose) -> None:
    mounts = [mount for service in compose.services.values() for mount in service.volumes if isinstance(mount, str)]
    assert {mount.split(":")[0] for mount in mounts} == set(compose.volumes)


def test_the_tree_of_files_is_mounted_read_only_and_is_not_made_if_it_is_missing(compose: Compose) -> None:
    for name in ("deployments", "worker", "watcher"):
        service = compose.services[name]
        (tree,) = [mount for mount in service.volumes if isinstance(mount, Mount)]
        assert tree.read_only
        assert not tree.bind.create_host_path
        assert tree.target == service.environment["INGEST_ROOT"]


def test_ports_are_open_to_this_machine_only(compose: Compose) -> None:
    ports = [port for service in compose.services.values() for port in service.ports]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_nobody_is_root_or_can_become_it(compose: Compose, deploy_folder: Path) -> None:
    for name, service in compose.services.items():
        assert service.cap_drop == ["ALL"], name
        assert service.security_opt == ["no-new-privileges:true"], name
        assert service.of_project or service.user.split(":")[0] not in {"", "0", "root"}, name
        assert service.read_only or not service.of_project, name
    users = re.findall(r"^USER (\S+)$", (deploy_folder / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["lineage"]


def test_images_are_pinned_to_the_versions_that_the_project_is_tested_with(
    compose: Compose, deploy_folder: Path
) -> None:
    assert compose.services["neo4j"].image == f"neo4j:{NEO4J_VERSION}"
    lock = (deploy_folder.parent / "requirements.lock").read_text()
    assert f"prefect=={version('prefect')} " in lock, "the server is of the project's own image, made from the lock"
    for name in ("prefect", "deployments", "worker", "watcher"):
        assert compose.services[name].build == compose.services["prefect"].build
        assert compose.services[name].image == compose.services["prefect"].image
    assert re.search(r"^FROM python:3\.\d+-slim-\w+$", (deploy_folder / "Dockerfile").read_text(), re.MULTILINE)


def test_the_image_gets_every_file_that_the_project_runs_from_and_nothing_else(deploy_folder: Path) -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (deploy_folder / "Dockerfile").read_text(), re.MULTILINE)
    files = {name for line in copied for name in line.split()}
    assert [name for name in files if not (deploy_folder.parent / name).exists()] == []
    assert {"lineage_core", "tasks", "flows", "prefect.yaml", "requirements.lock"} <= files
    ignored, *kept = [
        line
        for line in (deploy_folder / "Dockerfile.dockerignore").read_text().splitlines()
        if line and not line.startswith("#") and "__pycache__" not in line
    ]
    assert ignored == "*"
    assert {line.removeprefix("!") for line in kept} == files


def test_every_variable_is_one_that_is_read(
    compose: Compose, example: dict[str, str], unknown_variables: Unknown
) -> None:
    for name, service in compose.services.items():
        if service.of_project:
            assert unknown_variables(service.environment) == [], name
    assert unknown_variables(set(example) - {"SQL_TREE"}) == []


def test_neo4j_gets_its_login_and_settings_that_it_knows(compose: Compose) -> None:
    given = {**compose.services["neo4j"].environment}
    assert given.pop("NEO4J_AUTH").startswith("neo4j/")
    known = set(config._SETTINGS) | IN_JVM_OPTIONS
    assert [name for name in given if _neo4j_setting(name) not in known] == []
    same = {_neo4j_setting(name): value for name, value in given.items()}
    for name in ("dbms.usage_report.enabled", "db.tx_log.preallocate", "db.shutdown_transaction_end_timeout"):
        assert same[name] == config._SETTINGS[name]


def _neo4j_setting(variable: str) -> str:
    """As the image reads the name: one underscore is a dot, two are one."""
    return variable.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_")


def test_the_prefect_server_has_the_settings_of_the_local_one_and_wants_a_login(
    compose: Compose, server_settings: dict[str, str]
) -> None:
    given = compose.services["prefect"].environment
    assert {name: given.get(name) for name in server_settings} == server_settings
    assert given["PREFECT_SERVER_API_AUTH_STRING"] == given["PREFECT_API_AUTH_STRING"]


def test_no_secret_is_written_down(compose: Compose, example: dict[str, str], deploy_folder: Path) -> None:
    text = (deploy_folder / "compose.yaml").read_text()
    assert set(REFERENCE.findall(text)) == {"SQL_TREE", *SECRETS}
    for service in compose.services.values():
        for name, value in service.environment.items():
            if re.search(r"AUTH|PASSWORD|SECRET|TOKEN|API_KEY", name):
                assert REFERENCE.fullmatch(value.removeprefix("neo4j/")), name
    assert example["NEO4J_PASSWORD"] == ""
    assert example["PREFECT_API_AUTH_STRING"] == "admin:"
    assert "/.env" in (deploy_folder / ".gitignore").read_text().splitlines()


def test_every_service_of_the_project_runs_a_command_that_there_is(
    compose: Compose, unknown_words: UnknownWords
) -> None:
    commands = {name: service.command for name, service in compose.services.items() if service.of_project}
    assert commands.pop("prefect") == ["python", "-m", "flows.serve_prefect"]
    assert {command[1] for command in commands.values()} == {"deploy", "worker", "watch"}
    for command in commands.values():
        assert unknown_words(command) == []


def test_docker_compose_takes_the_file(deploy_folder: Path, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    folder = tmp_path / "deploy"
    shutil.copytree(deploy_folder, folder, symlinks=True)
    filled = (folder / ".env.example").read_text().replace("NEO4J_PASSWORD=", "NEO4J_PASSWORD=long-enough")
    (folder / ".env").write_text(filled)
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    command = [docker, "compose", "--file", str(folder / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
