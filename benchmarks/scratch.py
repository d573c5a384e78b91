"""The scratch database of a benchmark: on BENCHMARK_DATABASE_URL, a local PostgreSQL, or a temporary cluster."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


@contextmanager
def scratch_database() -> Iterator[str]:
    """The URL of an empty database, dropped at the end."""
    with _server() as server:
        name = f"diffusion_benchmark_{os.getpid()}"
        _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            _administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _server() -> Iterator[str]:
    url = os.environ.get("BENCHMARK_DATABASE_URL", LOCAL)
    if "BENCHMARK_DATABASE_URL" in os.environ or _answers(url):
        yield url
        return
    with _temporary_cluster() as url:
        yield url


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@contextmanager
def _temporary_cluster() -> Iterator[str]:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))
    if programs is None:
        raise SystemExit("PostgreSQL is absent: apt install postgresql, or set BENCHMARK_DATABASE_URL.")
    folder = Path(tempfile.mkdtemp(prefix="diffusion-benchmark-"))
    data = folder / "data"
    try:
        _as_unprivileged(folder, [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust"])
        options = f"-k {folder} -h ''"
        _as_unprivileged(folder, [programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start"])
        yield f"postgresql://postgres@/postgres?host={folder}"
        _as_unprivileged(folder, [programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_unprivileged(folder: Path, command: list[Path | str]) -> None:
    # PostgreSQL refuses to run as root.
    user = None
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = "postgres"
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user)
