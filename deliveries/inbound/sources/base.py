"""What a source is: it hands out mails, and forgets them only when they are applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from common.errors import Refused
from common.registry import Registry
from deliveries.inbound.sources.address import SourceAddress

# Whoever sends more is read so far: reports put what matters first.
MAXIMUM_BYTES = 2 * 1024 * 1024
# A batch ends here, however few mails it has.
MAXIMUM_BATCH_BYTES = 32 * 1024 * 1024
# Seconds that a server may take for one answer.
PATIENCE = 30.0


class SourceFailed(Refused):
    """The source can't be read now; its mails stay where they are."""

    code = "source_failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail; `handle` is its name at the source, for as long as this connection lasts."""

    handle: str
    raw: bytes


class MailSource(ABC):
    """Used as a context manager; entering connects. Every method may raise SourceFailed."""

    def __init__(self, address: SourceAddress) -> None:
        self.address = address

    @abstractmethod
    def connect(self) -> None: ...

    @abstractmethod
    def fetch(self, limit: int) -> list[Fetched]:
        """The next mails, at most `limit`; none when all were handed out. Nothing changes at the source."""

    @abstractmethod
    def forget(self, handles: Sequence[str]) -> None:
        """These mails are applied: delete them, or mark them where the address says that mails are kept."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def collect(mails: Iterable[Fetched], limit: int) -> list[Fetched]:
    """The first mails of an iterator, which remembers where it is: a batch of bounded number and size."""
    found: list[Fetched] = []
    size = 0
    for mail in mails:
        found.append(mail)
        size += len(mail.raw)
        if len(found) >= limit or size >= MAXIMUM_BATCH_BYTES:
            break
    return found


# By kind of InboundSource. A kind that is not here is pushed to us: nothing is fetched.
mail_sources: Registry[Callable[[SourceAddress], MailSource]] = Registry("inbound sources")
