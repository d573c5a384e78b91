"""Deliveries in the calendar: at their contact date, or where they began."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Coalesce
from django.urls import reverse

from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.progress import progress_of
from operations.calendar import CalendarEvent, Window, calendar_sources

MOST_DELIVERIES = 1000


@calendar_sources.register("deliveries")
def deliveries_between(window: Window) -> Iterator[CalendarEvent]:
    rows = Delivery.objects.exclude(kind=DeliveryKind.PROOF).annotate(begins=Coalesce("started_at", "contact_date"))
    rows = rows.filter(begins__gte=window.start, begins__lt=window.end)
    if window.program is not None:
        rows = rows.filter(operation__program=window.program)
    found = list(rows.defer("html", "text").order_by("-begins")[:MOST_DELIVERIES])
    # When those under way will end is told where they are watched.
    progresses = progress_of(found, window.now, paced=False)
    for delivery in found:
        progress = progresses[delivery.pk]
        yield CalendarEvent(
            at=delivery.begins,
            label=delivery.label,
            kind="delivery",
            url=reverse("admin:deliveries_delivery_change", args=[delivery.pk]),
            state=DeliveryState(delivery.state),
            until=delivery.ended_at,
            share=progress.share,
            operation_id=delivery.operation_id,
            run_id=delivery.workflow_run_id,
        )
