"""The one place that opens Neo4j: where it is, and a driver that has been checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.errors import DatabaseError
from lineage_core.graph.server.process import EmbeddedServer

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.graph.server.jars import Progress
    from lineage_core.settings import Settings

OLDEST_SERVER = 5
_CONNECT_SECONDS = 10.0
_ACQUIRE_SECONDS = 20.0
_POOL = 20


@dataclass(frozen=True, slots=True)
class Database:
    """Address and login of one database. The password never shows in a repr."""

    uri: str
    user: str
    password: str = field(repr=False)
    name: str


def locate(settings: Settings, *, progress: Progress = lambda _: None) -> Database:
    """The database of the settings: NEO4J_URI's, or the embedded server's, which is started if it does not run.

    Raises:
        ServerError: the embedded server cannot be installed or started.
    """
    if settings.neo4j_uri:
        password = settings.neo4j_password.get_secret_value()
        return Database(settings.neo4j_uri, settings.neo4j_user, password, settings.neo4j_database)
    server = EmbeddedServer(settings)
    server.start(progress)
    return Database(server.bolt_uri, "neo4j", server.password, "neo4j")


def open_driver(database: Database) -> Driver:
    """A driver whose connection, login and database have been tried; to be used as a context manager.

    The driver's own retry is off: the write task is the one layer that retries.

    Raises:
        DatabaseError: nobody answers, the login is refused, the database is unknown, or the server is too old.
    """
    from neo4j import GraphDatabase, NotificationMinimumSeverity
    from neo4j.exceptions import AuthError, ClientError, ConfigurationError, DriverError, Neo4jError

    try:
        driver = GraphDatabase.driver(
            database.uri,
            auth=(database.user, database.password),
            max_transaction_retry_time=0,
            connection_timeout=_CONNECT_SECONDS,
            connection_acquisition_timeout=_ACQUIRE_SECONDS,
            max_connection_pool_size=_POOL,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
            user_agent="sql-lineage-graph",
        )
    except (ValueError, ConfigurationError) as error:
        raise DatabaseError(
            f"NEO4J_URI={database.uri} is not an address the driver knows: {error}",
            hint="It looks like bolt://host:7687 or neo4j+s://name.databases.neo4j.io.",
        ) from error
    try:
        _check(driver, database)
    except AuthError as error:
        driver.close()
        raise DatabaseError(
            f"Neo4j at {database.uri} refuses user {database.user!r}: wrong password, or none given.",
            hint="Set NEO4J_USER and NEO4J_PASSWORD.",
        ) from error
    except ClientError as error:
        driver.close()
        raise DatabaseError(
            f"Neo4j at {database.uri} cannot use database {database.name!r}: {error.message}",
            hint="Set NEO4J_DATABASE to one that exists.",
        ) from error
    except (DriverError, Neo4jError, OSError) as error:
        driver.close()
        raise DatabaseError(
            f"Neo4j at {database.uri} does not answer: {error}",
            hint="Check that it runs and that NEO4J_URI is right; unset NEO4J_URI to use the embedded server.",
        ) from error
    except BaseException:
        driver.close()
        raise
    return driver


def _check(driver: Driver, database: Database) -> None:
    records, _, _ = driver.execute_query(
        "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version",
        database_=database.name,
    )
    version = str(records[0]["version"]) if records else ""
    major = version.split(".", maxsplit=1)[0]
    if major.isdigit() and int(major) < OLDEST_SERVER:
        raise DatabaseError(
            f"Neo4j at {database.uri} is version {version}.",
            hint=f"Version {OLDEST_SERVER} or newer is needed; unset NEO4J_URI to use the embedded one.",
        )
