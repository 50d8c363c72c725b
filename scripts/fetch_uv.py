"""Bring uv's program into a folder, with nothing but Python.

Usage: python3 scripts/fetch_uv.py FOLDER

By pip where there is one; else by the pip inside the standard library (`ensurepip`); else straight from the package
index that PIP_INDEX_URL names; else, as root on Debian or Ubuntu, whose Python comes without any of them, by
installing pip.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

TIMEOUT = 60
NO_WAY = "No pip, no ensurepip, no PIP_INDEX_URL: run `apt-get install python3-pip` (as root), then make again."


def main() -> None:
    """Put `uv` into the folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    program = _by_pip(sys.executable) or _by_ensurepip() or _by_index() or _by_apt()
    if program is None:
        raise SystemExit(NO_WAY)
    target = folder / "uv"
    target.write_bytes(program)
    target.chmod(0o755)
    subprocess.run([str(target.resolve()), "--version"], check=True)


def _by_pip(python: str) -> bytes | None:
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", scratch, "uv"]
        if subprocess.run(command, check=False).returncode:
            return None
        return (Path(scratch) / "bin" / "uv").read_bytes()


def _by_ensurepip() -> bytes | None:
    if importlib.util.find_spec("ensurepip") is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        if subprocess.run([sys.executable, "-m", "venv", scratch], capture_output=True, check=False).returncode:
            return None
        return _by_pip(str(Path(scratch) / "bin" / "python"))


def _by_index() -> bytes | None:
    """The newest wheel of the index that fits this machine, checked against the index's SHA-256."""
    index = os.environ.get("PIP_INDEX_URL", "").rstrip("/")
    if not index:
        return None
    request = urllib.request.Request(f"{index}/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        files = json.load(answer)["files"]
    ending = f"{platform.machine()}.whl"
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    fitting = [file for file in files if file["filename"].endswith(ending) and libc in file["filename"]]
    if not fitting:
        return None
    newest = max(fitting, key=lambda file: [int(part) for part in _version(file["filename"]) if part.isdigit()])
    with urllib.request.urlopen(newest["url"], timeout=TIMEOUT) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != newest["hashes"]["sha256"]:
        raise SystemExit(f"{newest['filename']} is not what the index says it is")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("/scripts/uv")))


def _by_apt() -> bytes | None:
    if os.geteuid() or shutil.which("apt-get") is None:
        return None
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "python3-pip"]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            return None
    return _by_pip("/usr/bin/python3")


def _version(filename: str) -> list[str]:
    return filename.split("-")[1].split(".")


if __name__ == "__main__":
    main()
