"""What deliveries leave behind: their logs, the journals of senders, and the mails that came back.

The counters of a delivery outlive its log. A continuous delivery keeps its log: it says to whom it wrote already.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliveryPart, DeliveryState, InboundMail
from deliveries.models.delivery import FINAL_STATES
from deliveries.mta.journal import DONE_SUFFIX, journal_folder
from installation.retention import Purger, keep_days, purgers, rows_purger

RETENTION_BROADLOGS_DAYS = keep_days(
    "RETENTION_BROADLOGS_DAYS",
    default=730,
    help=_("Days for which the log of a delivery that is over is kept. Its counts stay."),
)
RETENTION_JOURNALS_DAYS = keep_days(
    "RETENTION_JOURNALS_DAYS", default=30, help=_("Days for which applied journals of sender processes are kept.")
)
RETENTION_INBOUND_MAILS_DAYS = keep_days(
    "RETENTION_INBOUND_MAILS_DAYS", default=365, help=_("Days for which the log of inbound mails is kept.")
)


def over(before: datetime) -> QuerySet[Delivery]:
    """The deliveries that ended before this and send nothing any more."""
    fed_again = Q(kind=DeliveryKind.CONTINUOUS, state=DeliveryState.FINISHED)
    return Delivery.objects.filter(~fed_again, state__in=FINAL_STATES, ended_at__lt=before, in_doubt=0)


def empty_logs(model: Any, order: str, before: datetime, limit: int) -> int:
    """Delete so many rows that belong to the first of these deliveries that has any; its counters are its account.

    `order`: the column that follows the delivery in an index, so that no batch reads what others left.
    """
    logged = over(before).filter(Exists(model.objects.filter(delivery=OuterRef("pk"))))
    delivery = logged.order_by("pk").values_list("pk", flat=True).first()
    if delivery is None:
        return 0
    Delivery.objects.filter(pk=delivery, rows_purged=False).update(rows_purged=True)
    rows = model.objects.filter(delivery=delivery)
    numbers = list(rows.order_by(order).values_list("pk", flat=True)[:limit])
    return int(model.objects.filter(pk__in=numbers).delete()[0])


def count_logs(model: Any, before: datetime) -> int:
    return int(model.objects.filter(delivery__in=over(before).values("pk")).count())


def _empty_broadlogs(before: datetime, limit: int) -> int:
    deleted = empty_logs(Broadlog, "recipient_id", before, limit)
    if deleted:
        return deleted
    parts = DeliveryPart.objects.filter(delivery__in=over(before).filter(rows_purged=True).values("pk"))
    numbers = list(parts.order_by("pk").values_list("pk", flat=True)[:limit])
    return DeliveryPart.objects.filter(pk__in=numbers).delete()[0]


def _old_journals(before: datetime) -> Iterator[Path]:
    """Those of this host, whose outcomes are in the database."""
    for path in journal_folder().glob(f"*{DONE_SUFFIX}"):
        if path.stat().st_mtime < before.timestamp():
            yield path


def _delete_journals(before: datetime, limit: int) -> int:
    deleted = 0
    for path in list(_old_journals(before))[:limit]:
        path.unlink(missing_ok=True)
        deleted += 1
    return deleted


purgers.add(
    "broadlogs",
    Purger(
        _("Delivery logs"),
        RETENTION_BROADLOGS_DAYS,
        lambda before: count_logs(Broadlog, before),
        _empty_broadlogs,
    ),
)
purgers.add(
    "journals",
    Purger(
        _("Applied journals of sender processes, on this host"),
        RETENTION_JOURNALS_DAYS,
        lambda before: sum(1 for _path in _old_journals(before)),
        _delete_journals,
    ),
)
purgers.add(
    "inbound_mails",
    rows_purger(
        label=_("Inbound mails"),
        option=RETENTION_INBOUND_MAILS_DAYS,
        old=lambda before: InboundMail.objects.filter(received_at__lt=before),
    ),
)
