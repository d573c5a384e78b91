"""A PostgreSQL of a test's own: restarted and killed as the test likes. Nobody else's server is touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.smtp_server import HOST, free_port


class Cluster:
    def __init__(self, folder: Path, programs: Path) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self._folder = folder
        self._programs = programs

    def url(self, database: str) -> str:
        return f"postgresql://postgres@{HOST}:{self.port}/{database}"

    def create(self) -> None:
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses={HOST}"
        self._control("start", "-o", options, "-l", str(self._folder / "log"))

    def start_again(self) -> None:
        """After `kill`: the memory of the dead server is freed when its last child has ended."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.start()
            except AssertionError:
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def restart_at_once(self) -> None:
        """As after a crash: no session is ended properly, and the log is replayed."""
        self._control("restart", "-m", "immediate", "-l", str(self._folder / "log"))

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def kill(self) -> None:
        """kill -9 of the server, whose children end with it; nothing where none runs."""
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def _control(self, verb: str, *options: str) -> None:
        self._run("pg_ctl", verb, "-D", str(self.data), "-w", "-s", *options)

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, user=user, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A running cluster, gone at the end of the block."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    initdb = max(versions, default=None, key=lambda path: int(path.parent.parent.name))
    if initdb is None:
        pytest.skip("PostgreSQL's initdb is absent: apt install postgresql")
    # Not below the test's own folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="diffusion-faults-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = Cluster(folder, initdb.parent)
    try:
        cluster.create()
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)
