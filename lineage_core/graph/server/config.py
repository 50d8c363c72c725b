"""The embedded server's home folder: its configuration, command line and password."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings

HOST = "127.0.0.1"

_SETTINGS = {
    "server.default_listen_address": HOST,
    "server.bolt.listen_address": "{host}:{bolt}",
    "server.bolt.advertised_address": "{host}:{bolt}",
    "server.http.listen_address": "{host}:{http}",
    "server.http.advertised_address": "{host}:{http}",
    "server.https.enabled": "false",
    # a sign of life as often while a request is worked on; the driver is told to give up after two are missing
    "server.bolt.connection_keep_alive": "{alive}ms",
    "server.bolt.connection_keep_alive_probes": "2",
    "server.memory.pagecache.size": "64m",
    "dbms.usage_report.enabled": "false",
    "dbms.security.auth_enabled": "true",
    # transaction logs are pre-allocated otherwise: hundreds of megabytes for a small graph
    "db.tx_log.preallocate": "false",
    "db.tx_log.rotation.size": "32m",
    # SIGTERM to exit in 2 s instead of 12; everything is on disk after the first third of a second
    "db.shutdown_transaction_end_timeout": "0s",
    "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",
    "internal.server.bolt.connection_shutdown_wait_time": "0s",
    "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
}

_OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")

_JVM = (
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED_PACKAGES),
    "--enable-native-access=ALL-UNNAMED",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dfile.encoding=UTF-8",
    "-Xms256m",
    "-Xmx1g",
    "-XX:+UseG1GC",
)

SERVER_CLASS = "org.neo4j.server.CommunityEntryPoint"
ADMIN_CLASS = "org.neo4j.cli.AdminTool"
"""What `neo4j-admin` has done by a second Java process, in the first: half the time, and one process to end."""


def write_config(settings: Settings) -> Path:
    """(Re)write the home's neo4j.conf; returns the home, absolute."""
    home = settings.neo4j_home.resolve()
    (home / "conf").mkdir(parents=True, exist_ok=True, mode=0o700)
    values = {
        "host": HOST,
        "bolt": settings.neo4j_bolt_port,
        "http": settings.neo4j_http_port,
        "alive": settings.neo4j_stall_seconds * 500,
    }
    lines = [f"{name}={value.format(**values)}" for name, value in _SETTINGS.items()]
    (home / "conf" / "neo4j.conf").write_text("\n".join(lines) + "\n")
    return home


def server_command(java: Path, jars: Path, home: Path) -> list[str]:
    """The server's command line."""
    where = [f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode"]
    return [str(java), *_JVM, "-cp", f"{jars}/*", SERVER_CLASS, *where]


def admin_command(java: Path, jars: Path, *arguments: str) -> list[str]:
    """A command of neo4j-admin; NEO4J_HOME and NEO4J_CONF say which server."""
    return [str(java), "-cp", f"{jars}/*", ADMIN_CLASS, *arguments]


def password_file(settings: Settings) -> Path:
    """Where the embedded server's password is kept, readable by its owner only."""
    return settings.neo4j_home / "password"


def read_password(settings: Settings) -> str:
    """The embedded server's password, empty before its first start."""
    file = password_file(settings)
    return file.read_text().strip() if file.is_file() else ""


def make_password(settings: Settings) -> str:
    """A new random password, kept 0600 from its first byte on.

    In hex: one that begins with a dash, as every 64th in base64 does, is an option to neo4j-admin.
    """
    password = secrets.token_hex(16)
    file = password_file(settings)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(password + "\n")
    return password
