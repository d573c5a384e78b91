"""The files of a log that rotates: `mail.log`, `mail.log.1`, `mail.log.2.gz` … as far back as is needed."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

# A longer line is read in pieces: nothing in a log makes this process grow.
LINE_LIMIT = 64 * 1024
# Of so many lines at the beginning of a file, one says when it was written.
LINES_TRIED = 50
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

# (line) -> when it was written
Clock = Callable[[bytes], datetime | None]


@dataclass
class LogSpan:
    """Lines from an instant on. `begins` and `ends` are of the log itself, known once all has been read."""

    path: Path
    since: datetime
    time_of: Clock
    begins: datetime | None = None
    ends: datetime | None = None

    def lines(self) -> Iterator[bytes]:
        """Oldest first, at least all those written since. Raises OSError where the log can't be read."""
        files = self._files()
        for path in files:
            with _open(path) as file:
                if path.suffix not in _OPENERS:
                    _skip_to(file, self.since, self.time_of)
                for line in _lines_of(file):
                    self.ends = self.time_of(line) or self.ends
                    yield line

    def _files(self) -> list[Path]:
        needed = []
        for path in _rotated(self.path):
            with _open(path) as file:
                first = _first_time(file, self.time_of)
            needed.append(path)
            self.begins = first or self.begins
            if first is not None and first <= self.since:
                break
        return needed[::-1]


def _rotated(path: Path) -> list[Path]:
    """The log and what it was turned into, newest first."""
    others = [other for mark in (".", "-") for other in path.parent.glob(f"{path.name}{mark}*") if other.is_file()]
    newest_first = sorted(others, key=lambda other: other.stat().st_mtime, reverse=True)
    return [path, *newest_first]


def _open(path: Path) -> IO[bytes]:
    opener: Callable[..., IO[bytes]] = _OPENERS.get(path.suffix, open)
    return opener(path, "rb")


def _lines_of(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.readline(LINE_LIMIT), b"")


def _first_time(file: IO[bytes], time_of: Clock) -> datetime | None:
    for _number in range(LINES_TRIED):
        line = file.readline(LINE_LIMIT)
        found = time_of(line) if line else None
        if found is not None or not line:
            return found
    return None


def _skip_to(file: IO[bytes], since: datetime, time_of: Clock) -> None:
    """Go near the first line that is not older, by halving: a log of gigabytes is not read from its beginning."""
    low, high = 0, file.seek(0, 2)
    while high - low > LINE_LIMIT:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(LINE_LIMIT)
        found = _first_time(file, time_of)
        if found is None or found >= since:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline(LINE_LIMIT)
