"""What the filter language may ask about deliveries: who received one, for whom one failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliverySeries, MessageStatus
from deliveries.models.delivery import FINAL_STATES
from operations.models import Operation
from recipients.filters.behaviours import BehaviourWords, Scope, behaviour_words, behaviours, scopes
from recipients.models import SavedFilter
from recipients.query.saved import users_downstream, uses

# Handed over, whether or not something came back later.
RECEIVED = [MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT, MessageStatus.RECEIVED_ON_MOBILE]
_PATHS = {"delivery": "delivery", "series": "delivery__series", "operation": "delivery__operation"}


@users_downstream.register("deliveries")
def deliveries_with(row: SavedFilter) -> list[str]:
    """Those that may still be analysed with the target that names it."""
    rows = Delivery.objects.exclude(state__in=FINAL_STATES).filter(target__isnull=False).order_by("label", "pk")
    found = [label for label, target in rows.values_list("label", "target").iterator() if uses(target, row)]
    return [_text("the delivery “%(label)s”") % {"label": label} for label in found]


behaviour_words.add("received", BehaviourWords(_("Received a delivery"), _("who received %(what)s")))
behaviour_words.add("failed", BehaviourWords(_("Not reached by a delivery"), _("whom %(what)s could not reach")))
scopes.add("delivery", Scope(_("delivery"), _("the delivery %(label)s"), Delivery.objects.all))
scopes.add("series", Scope(_("series"), _("a delivery of the series %(label)s"), DeliverySeries.objects.all))
scopes.add("operation", Scope(_("operation"), _("a delivery of the operation %(label)s"), Operation.objects.all))


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
