"""The outside servers that some tests need: absent, they skip with the way to get them; under CI they fail."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from functools import lru_cache

import pytest

POSTGRESQL_URL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")

# dkimpy has no wheel: the distribution's own Python has it.
SYSTEM_PYTHON = "/usr/bin/python3"


def require(name: str) -> None:
    """Skip (or, under CI, fail) unless what the marker names is there."""
    if name not in CHECKS or _present(name):
        return
    sentence = f"{name} is absent: {HINTS[name]}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def smtp_sink_path() -> str | None:
    return shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin:/usr/lib/postfix/sbin")


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/postfix/sbin")


def _runs(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _postgresql() -> bool:
    import psycopg

    try:
        psycopg.connect(POSTGRESQL_URL, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


CHECKS: dict[str, Callable[[], bool]] = {
    "postgresql": _postgresql,
    "redis": lambda: _listens("127.0.0.1", 6379),
    "rabbitmq": lambda: _listens("127.0.0.1", 5672),
    "smtp_sink": lambda: smtp_sink_path() is not None,
    "chromium": lambda: chromium_path() is not None,
    # A Postfix of the test's own starts as root only.
    "postfix": lambda: program("postfix") is not None and os.geteuid() == 0,
    "opendkim": lambda: program("opendkim") is not None,
    "dkimpy": lambda: _runs(SYSTEM_PYTHON, "-c", "import dkim, nacl"),
    "email_mime": lambda: _runs("perl", "-MEmail::MIME", "-e", "1"),
    # It writes mailboxes under names of its own choice: as root only.
    "dovecot": lambda: program("sieve-test") is not None and os.geteuid() == 0,
}
HINTS = {
    "postgresql": "apt install postgresql, or set TEST_POSTGRESQL_URL",
    "redis": "apt install redis-server, and start it",
    "rabbitmq": "apt install rabbitmq-server, and start it",
    "smtp_sink": "apt install postfix",
    "chromium": "apt install chromium",
    "postfix": "apt install postfix, and run as root",
    "opendkim": "apt install opendkim",
    "dkimpy": "apt install python3-dkim python3-nacl",
    "email_mime": "apt install libemail-mime-perl",
    "dovecot": "apt install dovecot-sieve, and run as root",
}


@lru_cache
def _present(name: str) -> bool:
    return CHECKS[name]()
