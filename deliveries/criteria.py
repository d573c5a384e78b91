"""What the filter language may ask about deliveries: who received one, for whom one failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from deliveries.models import Broadlog, DeliveryKind, MessageStatus
from recipients.filters.behaviours import behaviours

# Handed over, whether or not something came back later.
RECEIVED = [MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT, MessageStatus.RECEIVED_ON_MOBILE]
_PATHS = {"delivery": "delivery", "series": "delivery__series", "operation": "delivery__operation"}


@behaviours.register("received")
def received(of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, int | None]:
    """The numbers of the people to whom a message was handed over."""
    return _people(RECEIVED, of, since)


@behaviours.register("failed")
def failed(of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, int | None]:
    """The numbers of the people whom a message could not reach."""
    return _people([MessageStatus.FAILED], of, since)


def _people(
    statuses: list[MessageStatus], of: Mapping[str, int] | None, since: datetime | None
) -> QuerySet[Any, int | None]:
    rows = Broadlog.objects.filter(status__in=statuses, recipient__isnull=False)
    rows = rows.exclude(delivery__kind=DeliveryKind.PROOF)
    for name, number in (of or {}).items():
        rows = rows.filter(**{_PATHS[name]: number})
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    return rows.values_list("recipient_id", flat=True)
