"""The wheel installs by plain pip, without the lock, into an environment that has nothing of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("heavy")
def test_the_wheel_works_where_pip_puts_it(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=f"{os.environ.get('PATH', '')}{os.pathsep}{ROOT / '.tools'}")
    assert uv is not None, "make setup brings uv"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", ROOT], check=True)
    wheel = next((tmp_path / "dist").glob("*.whl"))
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / "bin"
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(pip, check=True)

    assert "ingest" in _output([programs / "lineage", "--help"], tmp_path)
    script = "from lineage_core import analyze; print(analyze('INSERT INTO a SELECT x FROM b', 'tsql').reads)"
    assert _output([programs / "python", "-c", script], tmp_path) == "('b',)\n"
    script = "from lineage_core.graph.server.jars import locked_jars; print(len(locked_jars()) > 200)"
    assert _output([programs / "python", "-c", script], tmp_path) == "True\n"


def _output(command: list[str | Path], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
