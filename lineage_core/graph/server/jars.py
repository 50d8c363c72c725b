"""The embedded server's jars: fetched once from a Maven repository, each checked against the lock, kept in the user's
cache.

`jars.lock` names every jar by its Maven coordinates, size and SHA-256. The folder is assembled aside and renamed when
it is whole, under a lock, so that two first starts at once share one download and a broken one leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import platformdirs
from filelock import FileLock

from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from lineage_core.settings import Settings

NEO4J_VERSION = "5.26.31"
APP_NAME = "sql-lineage-graph"

Progress = Callable[[str], None]

_PARALLEL = 8
_TRIES = 3
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_COMPLETE = "complete"

WAYS_OUT = (
    "Three ways out: point NEO4J_URI (with NEO4J_USER and NEO4J_PASSWORD) at a Neo4j 5 or newer of your own; set "
    "LINEAGE_MAVEN_MIRROR to a Maven repository that this machine reaches; or fill a folder with the jars of jars.lock "
    "on another machine and name it in LINEAGE_NEO4J_JARS."
)


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: `group:artifact:version[:classifier] size sha256`."""

    coordinates: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the jar's file."""
        _, artifact, version, *classifier = self.coordinates.split(":")
        return "-".join([artifact, version, *classifier]) + ".jar"

    @property
    def path(self) -> str:
        """Path inside a Maven repository."""
        group, artifact, version, *_ = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{self.file_name}"


def locked_jars() -> list[Jar]:
    """The jars of jars.lock."""
    text = resources.files("lineage_core.graph.server").joinpath("jars.lock").read_text("utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(coordinates, int(size), sha256) for coordinates, size, sha256 in rows]


def jars_folder(settings: Settings, progress: Progress = lambda _: None) -> Path:
    """A folder that holds every jar of the lock, fetched now if need be.

    Raises:
        ServerError: a jar cannot be had or is not what the lock says; names the three ways out.
    """
    jars = locked_jars()
    if settings.neo4j_jars_dir is not None:
        return _prefilled(settings.neo4j_jars_dir, jars)
    folder = Path(platformdirs.user_cache_dir(APP_NAME)) / f"neo4j-{NEO4J_VERSION}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock"), timeout=900):
            if not _is_complete(folder, jars):
                _assemble(folder, jars, settings.maven_mirror, progress)
    except OSError as error:
        raise ServerError(f"The jars of Neo4j cannot be kept in {folder}: {error}", hint=WAYS_OUT) from error
    return folder


def _prefilled(folder: Path, jars: list[Jar]) -> Path:
    missing = [jar.file_name for jar in jars if not (folder / jar.file_name).is_file()]
    if missing:
        raise ServerError(
            f"LINEAGE_NEO4J_JARS={folder} lacks {len(missing)} of {len(jars)} jars, among them {missing[0]}.",
            hint="Fill it with every jar that jars.lock names, or unset it.",
        )
    for jar in jars:
        _verify(folder / jar.file_name, jar)
    return folder


def _is_complete(folder: Path, jars: list[Jar]) -> bool:
    """Whether the folder was assembled from this lock and every jar has its size still (hashes were checked then)."""
    mark = folder / _COMPLETE
    if not mark.is_file() or mark.read_text() != _lock_digest(jars):
        return False
    return all(
        (folder / jar.file_name).is_file() and (folder / jar.file_name).stat().st_size == jar.size for jar in jars
    )


def _lock_digest(jars: list[Jar]) -> str:
    return hashlib.sha256("\n".join(f"{jar.coordinates} {jar.sha256}" for jar in jars).encode()).hexdigest()


def _assemble(folder: Path, jars: list[Jar], mirror: str, progress: Progress) -> None:
    partial = folder.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    base = (mirror or _central()).rstrip("/")
    total = sum(jar.size for jar in jars) / 2**20
    progress(f"Fetching Neo4j {NEO4J_VERSION} ({len(jars)} jars, {total:.0f} MB), this once ...")
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client, ThreadPoolExecutor(_PARALLEL) as pool:
        tasks = [pool.submit(_fetch, client, base, jar, partial) for jar in jars]
        for done, task in enumerate(tasks, start=1):
            try:
                task.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            if done % 50 == 0:
                progress(f"  {done} of {len(jars)} jars")
    (partial / _COMPLETE).write_text(_lock_digest(jars))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _central() -> str:
    """Maven Central's base address, as the jgo package knows it."""
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(MAVEN_CENTRAL_URL)


def _fetch(client: httpx.Client, base: str, jar: Jar, folder: Path) -> None:
    target = folder / jar.file_name
    if target.is_file() and _digest(target) == jar.sha256:
        return  # of an earlier try that was cut off
    error: Exception | None = None
    for _ in range(_TRIES):
        try:
            with client.stream("GET", f"{base}/{jar.path}") as answer:
                answer.raise_for_status()
                _write(target, answer.iter_bytes())
            _verify(target, jar)
        except (httpx.HTTPError, ServerError) as caught:
            error = caught
        else:
            return
    reason = str(error) or type(error).__name__
    raise ServerError(f"{jar.coordinates} cannot be fetched from {base}: {reason}", hint=WAYS_OUT) from error


def _write(target: Path, chunks: Iterator[bytes]) -> None:
    with target.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def _verify(file: Path, jar: Jar) -> None:
    found = _digest(file)
    if found != jar.sha256:
        raise ServerError(f"{file} is not {jar.coordinates}: SHA-256 {found}, expected {jar.sha256}.", hint=WAYS_OUT)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
