"""Messages in doubt are looked up in the relay's log: taken → sent, bounced → failed, never taken → sent again.

A message is called never taken only when the log covers the whole time in which it may have left, and goes on after
the moment at which the doubt was written down; until then it stays in doubt. Where a route has several servers, one log
tells who took a message, never that none did.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from common.errors import Invalid, Refused
from deliveries import settlement
from deliveries.channels.email.replies import Stage, classify
from deliveries.models import Delivery, Route
from deliveries.mta.settling.files import LogSpan
from deliveries.mta.settling.formats import LogReader, Sight, Sighting, log_formats
from deliveries.routes import NoRoute, resolve_route
from recipients.vocabulary import FailureReason, FailureType

logger = logging.getLogger("diffusion.mta")
# Messages looked up at once.
BATCH = 10_000
# The clocks of the relay and of the database may differ by this much.
CLOCK_MARGIN = timedelta(minutes=1)
# A relay that has read the headers may still be thinking: it gets so many times the patience before it is given up.
THINKING = 10


class UnknownFormat(Invalid):
    """There is no reader for logs of this format."""


class UnreadableLog(Refused):
    """The log can't be read here."""

    code = "unreadable_log"


@dataclass
class Settlement:
    """How many messages in doubt met which end; `undecided` stay in doubt."""

    sent: int = 0
    failed: int = 0
    resent: int = 0
    cancelled: int = 0
    undecided: int = 0

    def __add__(self, other: Settlement) -> Settlement:
        return Settlement(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def settled(self) -> int:
        return self.sent + self.failed + self.resent + self.cancelled

    def document(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Doubt:
    broadlog_id: int
    delivery_id: int
    since: datetime


@dataclass
class _Verdicts:
    """Of one delivery."""

    taken: list[int] = field(default_factory=list)
    bounced: dict[int, Sighting] = field(default_factory=dict)
    never_taken: list[int] = field(default_factory=list)
    undecided: int = 0


def settle_routes(*, now: datetime, deliveries: Collection[int] | None = None, dry_run: bool = False) -> Settlement:
    """Settle what can be settled from the logs that routes name and that are readable here."""
    total = Settlement()
    for route, numbers in _by_route(deliveries):
        log, log_format = Path(route.relay_log), route.relay_log_format
        try:
            total += settle_from_log(path=log, log_format=log_format, deliveries=numbers, now=now, dry_run=dry_run)
        except Refused as error:
            logger.info("route %s: %s", route.internal_name, error)
    return total


def _by_route(deliveries: Collection[int] | None) -> Iterable[tuple[Route, list[int]]]:
    """The routes with a log, and their deliveries that have messages in doubt."""
    if not Route.objects.exclude(relay_log="").exists():
        return []
    found: dict[Route, list[int]] = {}
    rows = Delivery.objects.filter(in_doubt__gt=0).select_related("route").order_by("pk")
    for delivery in rows if deliveries is None else rows.filter(pk__in=list(deliveries)):
        try:
            route = resolve_route(delivery)
        except NoRoute:
            continue
        if route.relay_log:
            found.setdefault(route, []).append(delivery.pk)
    return found.items()


def settle_from_log(
    *, path: Path, log_format: str, deliveries: Collection[int], now: datetime, dry_run: bool = False
) -> Settlement:
    """Look up every message in doubt of these deliveries. Raises UnknownFormat, UnreadableLog."""
    if log_format not in log_formats:
        names = ", ".join(log_formats.codes())
        raise UnknownFormat(
            _("There is no format %(name)s; there are %(names)s.") % {"name": log_format, "names": names}
        )
    total, after, shared = Settlement(), 0, _on_several_servers(deliveries)
    while doubts := _read_doubts(deliveries, after):
        after = doubts[-1].broadlog_id
        try:
            reader, ends = _read_log(path, log_format, doubts, _begun_at(deliveries) or now, now)
        except OSError as error:
            raise UnreadableLog(_("%(path)s can't be read: %(error)s") % {"path": path, "error": error}) from None
        for delivery_id, verdict in _judge_all(doubts, reader, ends, shared, now).items():
            total += _counted(verdict) if dry_run else _apply(delivery_id, verdict, now)
    return total


def _read_doubts(deliveries: Collection[int], after: int) -> list[_Doubt]:
    rows = settlement.doubtful_rows().filter(delivery__in=list(deliveries), pk__gt=after).order_by("pk")
    found = rows.values_list("pk", "delivery_id", "in_doubt_since")[:BATCH]
    return [_Doubt(number, delivery_id, since) for number, delivery_id, since in found if since is not None]


def _begun_at(deliveries: Collection[int]) -> datetime | None:
    """Before this, none of their messages left."""
    rows = Delivery.objects.filter(pk__in=list(deliveries))
    found: datetime | None = rows.aggregate(begun=Min(Coalesce("started_at", "confirmed_at", "created_at")))["begun"]
    return found


def _on_several_servers(deliveries: Collection[int]) -> set[int]:
    rows = Delivery.objects.filter(pk__in=list(deliveries)).select_related("route")
    return {delivery.pk for delivery in rows if not _has_one_server(delivery)}


def _has_one_server(delivery: Delivery) -> bool:
    try:
        return not resolve_route(delivery).relays.exists()
    except NoRoute:
        return False


def _read_log(
    path: Path, log_format: str, doubts: list[_Doubt], begun_at: datetime, now: datetime
) -> tuple[LogReader, datetime | None]:
    """What the log says, and until when it speaks of everything that may have happened; None if it begins too late."""
    reader = log_formats.get(log_format)([doubt.broadlog_id for doubt in doubts])
    span = LogSpan(path, begun_at - CLOCK_MARGIN, lambda line: reader.time_of(line, now))
    for line in span.lines():
        reader.feed(line)
    covered = span.begins is not None and span.begins <= begun_at
    return reader, span.ends if covered else None


def _judge_all(
    doubts: list[_Doubt], reader: LogReader, ends: datetime | None, shared: set[int], now: datetime
) -> dict[int, _Verdicts]:
    verdicts: dict[int, _Verdicts] = {}
    for doubt in doubts:
        verdict = verdicts.setdefault(doubt.delivery_id, _Verdicts())
        until = None if doubt.delivery_id in shared else ends
        _judge(doubt, reader.sightings.get(doubt.broadlog_id), verdict, until, now)
    return verdicts


def _judge(doubt: _Doubt, sighting: Sighting | None, verdict: _Verdicts, ends: datetime | None, now: datetime) -> None:
    """`ends`: until when the log speaks of everything that may have happened; None if it does not."""
    if sighting is not None and sighting.sight is Sight.TAKEN:
        verdict.taken.append(doubt.broadlog_id)
    elif sighting is not None and sighting.sight is Sight.BOUNCED:
        verdict.bounced[doubt.broadlog_id] = sighting
    elif ends is not None and ends >= doubt.since and now >= doubt.since + _patience(sighting):
        verdict.never_taken.append(doubt.broadlog_id)
    else:
        verdict.undecided += 1


def _patience(sighting: Sighting | None) -> timedelta:
    return timedelta(seconds=settings.MTA_SETTLE_SECONDS) * (1 if sighting is None else THINKING)


def _counted(verdict: _Verdicts) -> Settlement:
    """What would be done, as far as it can be known before it is done."""
    return Settlement(len(verdict.taken), len(verdict.bounced), len(verdict.never_taken), 0, verdict.undecided)


def _apply(delivery_id: int, verdict: _Verdicts, now: datetime) -> Settlement:
    delivery = Delivery.objects.get(pk=delivery_id)
    done = Settlement(undecided=verdict.undecided)
    done.sent = _decide(delivery, settlement.SENT, verdict.taken, now)
    for number, sighting in verdict.bounced.items():
        done.failed += _decide(delivery, settlement.FAILED, [number], now, _failure_of(sighting))
    try:
        done.resent = _decide(delivery, settlement.RESEND, verdict.never_taken, now)
    except settlement.UnableToResend:
        # It will never be sent, and we know that it never was.
        done.cancelled = _decide(delivery, settlement.CANCELLED, verdict.never_taken, now)
    _tell(delivery, done)
    return done


def _decide(
    delivery: Delivery, decision: str, numbers: list[int], now: datetime, failure: settlement.Failure | None = None
) -> int:
    if not numbers:
        return 0
    try:
        return settlement.settle_in_doubt(delivery, decision=decision, now=now, broadlogs=numbers, failure=failure)
    except settlement.NothingInDoubt:
        # A person, or another process, was quicker.
        return 0


def _failure_of(sighting: Sighting) -> settlement.Failure:
    said = classify(Stage.RCPT, 550, sighting.enhanced, sighting.detail)
    return settlement.Failure(
        said.failure_type or FailureType.UNDEFINED, said.failure_reason or FailureReason.REFUSED, sighting.detail
    )


def _tell(delivery: Delivery, done: Settlement) -> None:
    if done.settled:
        logger.warning(
            "delivery %d: the relay's log settles %d in doubt: %d sent, %d failed, %d sent again, %d cancelled",
            *(delivery.pk, done.settled, done.sent, done.failed, done.resent, done.cancelled),
        )
