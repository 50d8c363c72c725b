"""deploy/systemd/: the units' form, and that what they name exists. systemd's own check runs where it is installed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Unknown, UnknownWords

INSTALLED = "/opt/lineage"
"""Where the units expect the checkout."""

PARTS = ["lineage-neo4j", "lineage-prefect", "lineage-deployments", "lineage-worker", "lineage-watcher"]
UNITS = [*PARTS, "lineage"]

NEWER = {"RestartSteps", "RestartMaxDelaySec"}
"""Keys that systemd has from version 254 on; an older one warns and goes on."""

HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "read-only",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "LockPersonality": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
}


@dataclass
class Unit:
    """A unit with its drop-ins: (section, key) -> the values in their order."""

    values: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def all(self, section: str, key: str) -> list[str]:
        """Every value of a key, the words of each apart."""
        return " ".join(self.values.get((section, key), [])).split()

    def last(self, key: str) -> str:
        """The value of a key of the service that counts."""
        return self.values.get(("Service", key), [""])[-1]

    @property
    def environment(self) -> dict[str, str]:
        """What it sets itself."""
        pairs = [shlex.split(line)[0].partition("=") for line in self.values.get(("Service", "Environment"), [])]
        return {name: value for name, _, value in pairs}

    @property
    def commands(self) -> dict[str, list[str]]:
        """Each command line by its key."""
        return {
            key: shlex.split(value)
            for (_, key), values in self.values.items()
            if key.startswith("Exec")
            for value in values
        }


def read_unit(folder: Path, name: str) -> Unit:
    """The unit as systemd would put it together. A drop-in folder `lineage-.service.d` is for each `lineage-...`."""
    unit = Unit()
    kind = Path(name).suffix
    folders = [folder / f"{name}.d", *([folder / f"lineage-{kind}.d"] if name.startswith("lineage-") else [])]
    for file in [folder / name, *sorted(file for each in folders for file in each.glob("*.conf"))]:
        section = ""
        for line in file.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith(("#", ";")):
                key, equals, value = line.partition("=")
                assert equals, f"{file.name}: {line}"
                assert not line.endswith("\\"), f"{file.name}: every line stands by itself here"
                unit.values.setdefault((section, key), []).append(value)
    return unit


@pytest.fixture(scope="module")
def folder(deploy_folder: Path) -> Path:
    return deploy_folder / "systemd"


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, folder: Path) -> Unit:
    return read_unit(folder, f"{request.param}.service")


def test_there_is_a_unit_for_each_part_and_one_for_all_of_them(folder: Path) -> None:
    assert {file.stem for file in folder.glob("*.service")} == set(UNITS)
    target = read_unit(folder, "lineage-parts.target")
    assert target.all("Unit", "Wants") == [f"{part}.service" for part in PARTS]
    assert target.all("Unit", "Conflicts") == ["lineage.service"]
    assert read_unit(folder, "lineage.service").all("Unit", "Conflicts") == ["lineage-parts.target"]


def test_parts_stop_and_restart_with_their_target_and_start_in_order(folder: Path) -> None:
    order: list[str] = []
    for part in PARTS:
        found = read_unit(folder, f"{part}.service")
        assert found.all("Unit", "PartOf") == ["lineage-parts.target"]
        needs = [name for name in found.all("Unit", "After") if name.startswith("lineage")]
        assert set(needs) <= set(order), part
        assert set(needs) <= set(found.all("Unit", "Wants")), part
        order.append(f"{part}.service")


def test_the_single_unit_has_what_the_parts_have_in_common(folder: Path) -> None:
    link = folder / "lineage.service.d" / "common.conf"
    assert link.is_symlink()
    assert link.resolve() == folder / "lineage-.service.d" / "common.conf"


def test_each_command_and_option_exists(unit: Unit, folder: Path, unknown_words: UnknownWords) -> None:
    checkout = folder.parents[1]
    for key, (program, *words) in unit.commands.items():
        name = Path(program).name
        if name == "lineage":
            assert unknown_words([program, *words]) == [], key
        elif words[0] == "-m":
            assert (checkout / f"{words[1].replace('.', '/')}.py").is_file(), key
        elif name == "python":
            assert (checkout / words[0]).is_file(), key
        else:
            assert key == "ExecCondition"
        assert program.startswith((f"{INSTALLED}/.venv/bin/", "/usr/bin/")), key
        files = [word for word in words if word.startswith(INSTALLED)]
        assert [word for word in files if not (checkout / Path(word).relative_to(INSTALLED)).exists()] == []


def test_the_units_run_the_whole_stack(folder: Path) -> None:
    commands = {name: read_unit(folder, f"{name}.service").commands["ExecStart"] for name in UNITS}
    words = {name: " ".join(command[1:]).split(" --")[0] for name, command in commands.items()}
    assert words == {
        "lineage": "up",
        "lineage-neo4j": "db start",
        "lineage-prefect": "-m flows.serve_prefect",
        "lineage-deployments": "deploy",
        "lineage-worker": "worker",
        "lineage-watcher": "watch",
    }


def test_each_is_started_again_after_a_failure_however_often(unit: Unit) -> None:
    assert unit.last("Restart") == "on-failure"
    assert unit.all("Unit", "StartLimitIntervalSec") == ["0"]
    assert int(unit.last("RestartSec")) < int(unit.last("RestartMaxDelaySec")) <= 60


def test_each_is_asked_to_stop_and_has_longer_than_it_needs(unit: Unit) -> None:
    assert unit.last("KillSignal") == "SIGTERM"
    assert unit.last("KillMode") == "mixed", "what a process started is stopped by that process"
    assert int(unit.last("TimeoutStopSec")) > 10
    if "ExecStop" in unit.commands:
        assert int(unit.last("TimeoutStopSec")) > 20, "`lineage db stop` takes up to 20 s"


def test_each_is_locked_up(unit: Unit) -> None:
    assert {key: unit.last(key) for key in HARDENING} == HARDENING
    assert unit.last("User") == "lineage"
    assert unit.environment["LINEAGE_DATA_DIR"] == f"/var/lib/{unit.last('StateDirectory')}"
    assert unit.environment["XDG_CACHE_HOME"] == f"/var/cache/{unit.last('CacheDirectory')}"


def test_every_variable_is_one_that_is_read(unit: Unit, unknown_variables: Unknown) -> None:
    assert unknown_variables(unit.environment) == []


def test_the_prefect_server_has_the_settings_of_the_local_one(folder: Path, server_settings: dict[str, str]) -> None:
    given = read_unit(folder, "lineage-prefect.service").environment
    assert {name: given.get(name) for name in server_settings} == server_settings
    assert given["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
    assert (given["PREFECT_SERVER_API_HOST"], given["PREFECT_SERVER_API_PORT"]) == ("127.0.0.1", "4200"), (
        "no one else's"
    )


def test_only_the_parts_name_a_prefect_server_since_the_single_unit_starts_its_own(folder: Path) -> None:
    assert "PREFECT_API_URL" not in read_unit(folder, "lineage.service").environment
    for part in PARTS:
        assert read_unit(folder, f"{part}.service").environment["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"


def test_the_example_of_the_settings_names_settings_that_exist_and_holds_no_secret(
    unit: Unit, folder: Path, unknown_variables: Unknown
) -> None:
    assert unit.last("EnvironmentFile") == "/etc/lineage/lineage.env"
    text = (folder / "lineage.env.example").read_text()
    example = dict(re.findall(r"^#?([A-Z]\w*)=(.*)$", text, re.MULTILINE))
    assert unknown_variables(example) == []
    assert not set(example) & set(unit.environment), "the unit's own would be overruled"
    secrets = {name: value for name, value in example.items() if re.search("PASSWORD|AUTH", name)}
    assert set(secrets.values()) == {"", "admin:"}
    assert "/systemd/lineage.env" in (folder.parent / ".gitignore").read_text().splitlines()


def test_systemd_takes_the_units(folder: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    shutil.copytree(folder, tmp_path / "units", symlinks=True)
    for file in [file for file in (tmp_path / "units").rglob("*") if file.is_file() and not file.is_symlink()]:
        program = folder.parents[1]  # systemd looks whether the programs are there
        file.write_text(file.read_text().replace(INSTALLED, str(program)))
    names = [f"{name}.service" for name in UNITS] + ["lineage-parts.target"]
    command = [analyze, "verify", "--man=no", *(str(tmp_path / "units" / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if str(tmp_path) in line or "lineage" in line]
    assert [line for line in said if not any(f"'{key}'" in line for key in NEWER)] == []
    assert done.returncode == 0, done.stderr
