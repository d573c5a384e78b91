"""Several limited processes that read mails at once; a mail that none can read is given up after three tries."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from deliveries.inbound.reading.verdict import Reading, Unreadable

TRIES = 3
MOST_READERS = 4


class MailReader(Protocol):
    def read(self, raw: bytes) -> Reading:
        """Raises Unreadable."""

    def close(self) -> None: ...


class Readers:
    """A context manager. Threads only wait for the processes, which do the work."""

    def __init__(self, make: Callable[[], MailReader], number: int | None = None) -> None:
        self._number = number or min(MOST_READERS, os.cpu_count() or 1)
        self._readers = [make() for _index in range(self._number)]
        self._threads = ThreadPoolExecutor(self._number, thread_name_prefix="inbound-reader")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for reader in self._readers:
            reader.close()

    def read_all(self, mails: Sequence[bytes]) -> list[Reading | None]:
        """What each mail says, in their order; None for one that could not be read."""
        found: list[Reading | None] = [None] * len(mails)
        # Whoever has read one takes the next: mails differ in how long they take.
        places = iter(range(len(mails)))

        def read_some(reader: MailReader) -> None:
            for place in places:
                found[place] = _read(reader, mails[place])

        list(self._threads.map(read_some, self._readers))
        return found


def _read(reader: MailReader, raw: bytes) -> Reading | None:
    for _try in range(TRIES):
        try:
            return reader.read(raw)
        except Unreadable:
            continue
    return None
