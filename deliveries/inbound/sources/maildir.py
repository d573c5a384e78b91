"""A Maildir: a mail is claimed by moving it from `new` to `cur`, and deleted, or marked as seen, once it is applied."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

from common.sql import truncate_error
from deliveries.inbound.sources.address import SourceAddress
from deliveries.inbound.sources.base import MAXIMUM_BYTES, Fetched, MailSource, SourceFailed, collect, mail_sources

FOLDERS = ("tmp", "new", "cur")
UNSEEN, SEEN = ":2,", ":2,S"


@mail_sources.register("maildir")
class MaildirSource(MailSource):
    """Two readers share it without harm: the mail is whose move succeeds, and applied once anyway."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._root = Path(address.folder)
        self._new, self._claimed = self._root / "new", self._root / "cur"
        self._mails: Iterator[Fetched] | None = None

    def connect(self) -> None:
        missing = [name for name in FOLDERS if not (self._root / name).is_dir()]
        if missing:
            raise SourceFailed(_("%(folder)s is no Maildir that we may read.") % {"folder": self._root})

    def fetch(self, limit: int) -> list[Fetched]:
        with _failures():
            if self._mails is None:
                # What a reader claimed and did not finish comes first.
                self._mails = self._contents(chain(self._unfinished(), self._claims()))
            return collect(self._mails, limit)

    def forget(self, handles: Sequence[str]) -> None:
        with _failures():
            for name in handles:
                path = self._claimed / name
                if self.address.keeps:
                    path.rename(path.with_name(name.partition(":")[0] + SEEN))
                else:
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        self._mails = None

    def _contents(self, names: Iterable[str]) -> Iterator[Fetched]:
        for name in names:
            raw = _content(self._claimed / name)
            if raw is not None:
                yield Fetched(name, raw)

    def _unfinished(self) -> Iterator[str]:
        return (name for name in _names_in(self._claimed) if "S" not in name.partition(":2,")[2])

    def _claims(self) -> Iterator[str]:
        # Listed once for many batches, and again for what came meanwhile.
        some = True
        while some:
            some = False
            for name in _names_in(self._new):
                claimed = name if ":" in name else name + UNSEEN
                with contextlib.suppress(FileNotFoundError):
                    (self._new / name).rename(self._claimed / claimed)
                    some = True
                    yield claimed


def _names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder))


def _content(path: Path) -> bytes | None:
    """None for a mail that another reader has finished meanwhile."""
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_BYTES)
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceFailed(truncate_error(error, 500)) from error
