"""What came back from the messages of one page of a log: the strongest reaction of each, machines' set apart."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from deliveries.admin.tabs.logs import Note, message_notes
from deliveries.models import Broadlog, Delivery
from tracking.models import HitKind, TrackingLog
from tracking.verdicts import MACHINES

_STRENGTH = {HitKind.UNSUBSCRIBE: 4, HitKind.CLICK: 3, HitKind.MIRROR: 2, HitKind.OPEN: 1}
MOST_HITS = 2000


@message_notes.register("tracking")
def hit_notes(delivery: Delivery, rows: Sequence[Broadlog]) -> dict[int, Note]:
    """One query for the page."""
    messages = [row.pk for row in rows]
    hits = TrackingLog.objects.filter(delivery=delivery, kind__in=list(_STRENGTH), broadlog__in=messages)
    strongest: dict[int, TrackingLog] = {}
    for hit in hits.order_by("at", "pk")[:MOST_HITS]:
        known = strongest.get(hit.broadlog_id)
        if known is None or _strength(hit) > _strength(known):
            strongest[hit.broadlog_id] = hit
    return {number: _note(hit) for number, hit in strongest.items()}


def _strength(hit: TrackingLog) -> int:
    return 0 if hit.verdict in MACHINES else _STRENGTH[HitKind(hit.kind)]


def _note(hit: TrackingLog) -> Note:
    at = date_format(localtime(hit.at), "SHORT_DATETIME_FORMAT")
    if hit.verdict in MACHINES:
        return Note(_("machine, %(at)s") % {"at": at}, "bot")
    words = {
        HitKind.OPEN: (_("opened %(at)s"), "eye"),
        HitKind.MIRROR: (_("mirror page %(at)s"), "globe"),
        HitKind.CLICK: (_("clicked %(at)s"), "mouse-pointer-click"),
        HitKind.UNSUBSCRIBE: (_("unsubscribed %(at)s"), "user-minus"),
    }
    text, icon = words[HitKind(hit.kind)]
    return Note(text % {"at": at}, icon, "warn" if hit.kind == HitKind.UNSUBSCRIBE else "ok")
