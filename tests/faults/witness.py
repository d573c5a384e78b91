"""The witness: an smtp-sink that writes every mail it took into one file, and what can be read there."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.services import smtp_sink_path
from tests.smtp_server import HOST, free_port, wait_for_port


class Witness:
    """Copies by address and by Message-ID, read as the dump grows. Our tables are not asked."""

    def __init__(self, port: int, dump: Path) -> None:
        self.port = port
        self.dump = dump
        self.copies: Counter[str] = Counter()
        self.message_ids: Counter[str] = Counter()
        self._read = 0
        self._address = ""
        self._rest = b""

    def count(self) -> int:
        """How many mails have come so far."""
        self.look()
        return self.copies.total()

    def look(self) -> None:
        if not self.dump.exists():
            return
        with self.dump.open("rb") as file:
            file.seek(self._read)
            while block := file.read(1 << 20):
                self._read += len(block)
                *lines, self._rest = (self._rest + block).split(b"\n")
                for line in lines:
                    self._note(line)

    def twice(self) -> list[str]:
        """Whom or what came more than once."""
        return [name for counted in (self.copies, self.message_ids) for name, number in counted.items() if number > 1]

    def _note(self, line: bytes) -> None:
        # A mail appears whole: the envelope, then its headers. No body of these tests has such lines.
        if line.startswith(b"X-Rcpt-Args: <"):
            self._address = line.partition(b"<")[2].partition(b">")[0].decode()
            self.copies[self._address] += 1
        elif line.startswith(b"Message-ID: "):
            self.message_ids[line[12:].decode()] += 1


@contextlib.contextmanager
def witness(folder: Path, *arguments: str, port: int | None = None) -> Iterator[Witness]:
    """A running sink; given a port, it takes the place of one that ended and goes on with its dump."""
    port = port or free_port()
    dumps = folder / f"witness-{port}"
    dumps.mkdir(exist_ok=True)
    dumps.chmod(0o777)
    for parent in (folder, *folder.parents):
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o011)
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(smtp_sink_path()), *as_nobody, *arguments, "-R", str(dumps), "-D", "dump", f"{HOST}:{port}", "200"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for_port(port, process)
        yield Witness(port, dumps / "dump")
    finally:
        process.terminate()
        process.communicate(timeout=10)
