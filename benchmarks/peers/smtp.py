"""postfix's `smtp-sink`, which takes everything, and `smtp-source`, which sends one static mail as fast as it can."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

HOST = "127.0.0.1"
SESSIONS = 16
SECONDS_TO_START = 10


@contextlib.contextmanager
def running_sink() -> Iterator[int]:
    """The port of a sink that runs meanwhile."""
    port = _free_port()
    # Root may not be the sink's user.
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [_program("smtp-sink"), *as_nobody, "-4", "-m", "512", f"{HOST}:{port}", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=SECONDS_TO_START)


def time_smtp_source(port: int, *, messages: int, size: int) -> float:
    """Seconds for as many mails of that size over 16 connections that stay open."""
    command = [_program("smtp-source"), "-4", "-d", "-s", str(SESSIONS), "-l", str(size), "-m", str(messages)]
    started = time.perf_counter()
    subprocess.run([*command, f"{HOST}:{port}"], check=True)
    return time.perf_counter() - started


def _program(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/postfix/sbin")
    if path is None:
        raise SystemExit(f"{name} is absent: apt install postfix.")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    raise SystemExit("smtp-sink does not start.")
