"""What the filter language may ask about reactions: who opened, who clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from deliveries.models import DeliveryKind
from recipients.filters.behaviours import BehaviourWords, behaviour_words, behaviours
from tracking.consolidation import MACHINES, OPENING
from tracking.models import HitKind, TrackingLog

_PATHS = {"delivery": "delivery", "series": "delivery__series", "operation": "delivery__operation"}

behaviour_words.add("opened", BehaviourWords(_("Opened a delivery"), _("who opened %(what)s")))
behaviour_words.add("clicked", BehaviourWords(_("Clicked in a delivery"), _("who clicked in %(what)s")))


@behaviours.register("opened")
def opened(of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, int | None]:
    """The numbers of the people who opened; a click is an opening too."""
    return _people(OPENING, of, since)


@behaviours.register("clicked")
def clicked(of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, int | None]:
    """The numbers of the people who clicked a link."""
    return _people([HitKind.CLICK], of, since)


def _people(
    kinds: Sequence[HitKind], of: Mapping[str, int] | None, since: datetime | None
) -> QuerySet[Any, int | None]:
    rows = TrackingLog.objects.filter(kind__in=kinds, recipient__isnull=False).exclude(verdict__in=MACHINES)
    rows = rows.exclude(delivery__kind=DeliveryKind.PROOF)
    for name, number in (of or {}).items():
        rows = rows.filter(**{_PATHS[name]: number})
    if since is not None:
        rows = rows.filter(at__gte=since)
    return rows.values_list("recipient_id", flat=True)
