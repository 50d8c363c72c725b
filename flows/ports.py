"""Ports of this machine: free, or in use and by whom."""

from __future__ import annotations

import socket

import psutil


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on a port now. One that was left by a connection a moment ago counts as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder(port: int) -> psutil.Process | None:
    """The process that listens on a port; None if none does, or one of another user."""
    for process in psutil.process_iter():
        try:
            connections = process.net_connections("tcp")
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections):
            return process
    return None


def described_holder(port: int) -> str:
    """`process 4711 (java)`, for messages; `another user's process` if it cannot be seen."""
    process = holder(port)
    if process is None:
        return "a process that cannot be seen from here"
    try:
        return f"process {process.pid} ({process.name()})"
    except psutil.NoSuchProcess:
        return f"process {process.pid}"
