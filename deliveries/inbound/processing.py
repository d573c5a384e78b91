"""From a source to the database, batch by batch: fetch, read in limited processes, apply and commit, then forget.

Killed anywhere, it fetches again what it had not forgotten, and recognises what it had applied.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import InterfaceError, OperationalError

from common.errors import Refused
from common.failpoints import failpoint
from deliveries.inbound.applying import BATCH, apply_mails, known_keys
from deliveries.inbound.cases import ReadMail
from deliveries.inbound.readers import Readers
from deliveries.inbound.set_aside import keep_aside
from deliveries.inbound.sources.address import address_of
from deliveries.inbound.sources.base import Fetched, MailSource, mail_sources
from deliveries.models import DeliveryPart, PartState
from deliveries.models.inbound import InboundSource

# Between two batches the senders have the database for themselves.
PAUSE_SECONDS = 0.05
# Mails per second and at once while messages leave: a storm waits rather than they, and is over in time all the same.
RATE_WHILE_SENDING, BATCH_WHILE_SENDING = 225, 150
AFTER_FETCH = failpoint("after_fetch")
BEFORE_FORGETTING = failpoint("before_forgetting")

logger = logging.getLogger("diffusion.inbound")


@dataclass
class Drained:
    """What one visit to a source did. `outcomes`: number of mails by outcome; `doubles` had been applied before."""

    outcomes: Counter[str] = field(default_factory=Counter)
    doubles: int = 0
    error: str = ""

    @property
    def mails(self) -> int:
        return sum(self.outcomes.values()) + self.doubles


def drain_source(
    source: InboundSource,
    readers: Readers,
    *,
    clock: Callable[[], datetime],
    seconds: float | None = None,
    most: int | None = None,
) -> Drained:
    """Read the source until it is empty, or for so many seconds or mails; its errors are kept on its row."""
    drained = Drained()
    try:
        with open_source(source) as box:
            _drain(box, source, readers, drained, clock, _Limits(seconds, most))
    except Refused as error:
        drained.error = str(error)
        logger.warning("inbound source %s: %s", source.pk, error)
    changes = {"last_error": drained.error} | ({} if drained.error else {"last_read_at": clock()})
    InboundSource.objects.filter(pk=source.pk).update(**changes)
    return drained


def open_source(source: InboundSource) -> MailSource:
    """Not yet connected. Raises InvalidAddress."""
    return mail_sources.get(source.kind)(address_of(source))


def key_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@dataclass
class _Limits:
    seconds: float | None
    most: int | None

    def __post_init__(self) -> None:
        self.ends_at = None if self.seconds is None else time.monotonic() + self.seconds

    def room(self, drained: Drained, batch: int) -> int:
        """How many mails may be fetched next, at most a batch."""
        if self.ends_at is not None and time.monotonic() >= self.ends_at:
            return 0
        return batch if self.most is None else min(batch, self.most - drained.mails)


def _drain(
    box: MailSource,
    source: InboundSource,
    readers: Readers,
    drained: Drained,
    clock: Callable[[], datetime],
    limits: _Limits,
) -> None:
    while True:
        began, sending = time.monotonic(), _is_sending(clock())
        room = limits.room(drained, BATCH_WHILE_SENDING if sending else BATCH)
        fetched = box.fetch(room) if room > 0 else []
        if not fetched:
            return
        if AFTER_FETCH:
            AFTER_FETCH()
        apply_fetched(fetched, source.pk, readers, drained, now=clock())
        if BEFORE_FORGETTING:
            BEFORE_FORGETTING()
        box.forget([mail.handle for mail in fetched])
        time.sleep(_rest_after(len(fetched), seconds=time.monotonic() - began, sending=sending))


def _rest_after(mails: int, *, seconds: float, sending: bool) -> float:
    """How many seconds to rest after a batch that took `seconds`."""
    return max(PAUSE_SECONDS, mails / RATE_WHILE_SENDING - seconds) if sending else PAUSE_SECONDS


def _is_sending(now: datetime) -> bool:
    return DeliveryPart.objects.filter(state=PartState.CLAIMED, lease_until__gt=now).exists()


def apply_fetched(
    fetched: Sequence[Fetched], source_id: int | None, readers: Readers, drained: Drained, *, now: datetime
) -> None:
    """Read and apply one batch, and count it in `drained`."""
    by_key = {key_of(mail.raw): mail.raw for mail in fetched}
    known = known_keys(list(by_key))
    new = {key: raw for key, raw in by_key.items() if key not in known}
    readings = readers.read_all(list(new.values()))
    for raw, reading in zip(new.values(), readings, strict=True):
        if reading is None:
            keep_aside(key_of(raw), raw)
    mails = [ReadMail(key, reading, source_id) for key, reading in zip(new, readings, strict=True)]
    outcomes = _apply(mails, new, now)
    drained.outcomes += outcomes
    drained.doubles += len(fetched) - sum(outcomes.values())


def _apply(mails: Sequence[ReadMail], contents: dict[str, bytes], now: datetime) -> Counter[str]:
    """A mail that breaks its batch must not keep the others waiting for ever: it is set aside alone."""
    try:
        return apply_mails(mails, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(mails) == 1:
            logger.exception("inbound mail %s could not be applied", mails[0].key)
            keep_aside(mails[0].key, contents[mails[0].key])
            return apply_mails([ReadMail(mails[0].key, None, mails[0].source_id)], now=now)
    return sum((_apply([mail], contents, now) for mail in mails), Counter())
