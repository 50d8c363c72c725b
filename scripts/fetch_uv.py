"""Bring uv's program into a folder, with nothing but Python: by pip where there is one, else by pip's own bootstrap.

Usage: python3 scripts/fetch_uv.py FOLDER

A bare Debian has Python without pip and without venv. What it does have is the standard library: `ensurepip` where the
distribution left it in, and otherwise the package index that pip's own settings name (PIP_INDEX_URL), read with urllib.
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

DEFAULT_INDEX = ".".join(("https://pypi", "org/simple"))
TIMEOUT = 60


def main() -> None:
    """Put `uv` into the folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    program = _by_pip() or _by_index()
    target = folder / "uv"
    target.write_bytes(program)
    target.chmod(0o755)
    subprocess.run([str(target.resolve()), "--version"], check=True)


def _by_pip() -> bytes | None:
    if importlib.util.find_spec("pip") is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", scratch, "uv"]
        if subprocess.run(command, check=False).returncode:
            return None
        return (Path(scratch) / "bin" / "uv").read_bytes()


def _by_index() -> bytes:
    """The newest wheel of the index that fits this machine, checked against the index's SHA-256."""
    index = os.environ.get("PIP_INDEX_URL", DEFAULT_INDEX).rstrip("/")
    request = urllib.request.Request(f"{index}/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        files = json.load(answer)["files"]
    machine, libc = platform.machine(), "musllinux" if _is_musl() else "manylinux"
    fitting = [file for file in files if file["filename"].endswith(f"{machine}.whl") and libc in file["filename"]]
    if not fitting:
        raise SystemExit(f"{index} has no uv for {machine}")
    newest = max(fitting, key=lambda file: [int(part) for part in _version(file["filename"]) if part.isdigit()])
    with urllib.request.urlopen(urllib.request.Request(newest["url"]), timeout=TIMEOUT) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != newest["hashes"]["sha256"]:
        raise SystemExit(f"{newest['filename']} is not what the index says it is")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        return archive.read(name)


def _version(filename: str) -> list[str]:
    return filename.split("-")[1].split(".")


def _is_musl() -> bool:
    return shutil.which("ldd") is not None and platform.libc_ver()[0] == ""


if __name__ == "__main__":
    main()
