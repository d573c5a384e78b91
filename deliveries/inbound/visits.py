"""One visit to every source that is read: one after the other, each for a bounded time, one visitor a machine."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from deliveries.inbound.processing import Drained, drain_source, open_source
from deliveries.inbound.readers import Readers
from deliveries.inbound.reading.reader import Reader
from deliveries.inbound.rule_table import rules_in_force
from deliveries.inbound.sources.base import mail_sources
from deliveries.models.inbound import InboundSource

UNREAD_AFTER = timedelta(hours=1)


def sources_to_read(numbers: Collection[int] = ()) -> list[InboundSource]:
    """Those named, else all that are enabled; without the kinds that are pushed to us."""
    rows = InboundSource.objects.filter(kind__in=mail_sources.codes()).order_by("pk")
    return list(rows.filter(pk__in=numbers) if numbers else rows.filter(enabled=True))


def unread(now: datetime) -> list[InboundSource]:
    """The enabled sources that failed at the last visit, or that had none for an hour."""
    late = Q(last_read_at__lt=now - UNREAD_AFTER) | Q(last_read_at=None)
    failing = ~Q(last_error="")
    rows = InboundSource.objects.filter(enabled=True).filter(failing | (late & Q(kind__in=mail_sources.codes())))
    return list(rows.order_by("pk"))


def visit(
    sources: Collection[InboundSource],
    *,
    clock: Callable[[], datetime],
    seconds: float | None = None,
    most: int | None = None,
) -> dict[int, Drained]:
    """Read each source; return what was done by its number. One that somebody is reading already is left out.

    The readers are started with the rules of this moment, and only if there is a source to read.
    """
    if not sources:
        return {}
    rules = rules_in_force()
    found: dict[int, Drained] = {}
    with Readers(lambda: Reader(rules)) as readers:
        for source in sources:
            with _alone(source.pk) as is_alone:
                if is_alone:
                    found[source.pk] = drain_source(source, readers, clock=clock, seconds=seconds, most=most)
    return found


def check_source(source: InboundSource) -> None:
    """Connect and leave again; raises SourceFailed or InvalidAddress with what is wrong."""
    with open_source(source):
        pass


@contextmanager
def _alone(source_id: int) -> Iterator[bool]:
    """Only saves work: two readers of one source, on two machines say, count nothing twice."""
    folder = Path(settings.VAR_DIR) / "inbound"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"source-{source_id}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
