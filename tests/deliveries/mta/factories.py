"""Deliveries that are being sent, written straight into the tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from deliveries.models import (
    Broadlog,
    ContentVersion,
    Delivery,
    DeliveryPart,
    DeliveryState,
    MessageStatus,
    PartState,
    Preparation,
    PreparationState,
    Route,
)
from recipients.models import Recipient


def make_route(channel: str = "memory", **values: Any) -> Route:
    defaults = {"label": channel, "internal_name": channel, "is_default": True, "max_connections": 4}
    route, _made = Route.objects.get_or_create(channel=channel, is_default=True, defaults={**defaults, **values})
    return route


def make_sending(count: int, *, part_size: int = 1000, **values: Any) -> Delivery:
    """A delivery in progress with `count` pending rows, for recipients person1@example.com and so on."""
    now = timezone.now()
    defaults = {
        "label": "Autumn",
        "channel": "memory",
        "state": DeliveryState.IN_PROGRESS,
        "valid_until": now + timedelta(days=5),
        "targeted": count,
        "pending": count,
    }
    channel = values.get("channel", "memory")
    make_route(channel)
    delivery = Delivery.objects.create(**{**defaults, **values})
    version = ContentVersion.objects.create(delivery=delivery, number=1, hash="1")
    preparation = Preparation.objects.create(
        delivery=delivery,
        number=1,
        state=PreparationState.CONFIRMED,
        content_version=version,
        requested_at=now,
        targeted=count,
        to_deliver=count,
    )
    _make_rows(preparation, count)
    make_parts(preparation, part_size)
    return delivery


def _make_rows(preparation: Preparation, count: int) -> None:
    now = timezone.now()
    people = Recipient.objects.bulk_create(
        Recipient(email=f"person{number}@example.com", first_name=f"First{number}") for number in range(1, count + 1)
    )
    Broadlog.objects.bulk_create(
        Broadlog(
            delivery=preparation.delivery,
            preparation=preparation,
            recipient=person,
            address=person.email,
            status=MessageStatus.PENDING,
            updated_at=now,
        )
        for person in people
    )


def make_parts(preparation: Preparation, size: int) -> None:
    numbers = list(preparation.broadlogs.order_by("pk").values_list("pk", flat=True))
    due_at = timezone.now() - timedelta(minutes=1)
    for start in range(0, len(numbers), size):
        chunk = numbers[start : start + size]
        DeliveryPart.objects.create(
            delivery=preparation.delivery,
            preparation=preparation,
            first_id=chunk[0],
            last_id=chunk[-1],
            size=len(chunk),
            state=PartState.DUE,
            due_at=due_at,
        )


def rows_of(delivery: Delivery) -> list[Broadlog]:
    return list(Broadlog.objects.filter(delivery=delivery).order_by("pk"))


def statuses(delivery: Delivery) -> list[str]:
    """The rows' statuses in order; "in_doubt" where that is so."""
    return ["in_doubt" if row.in_doubt_since else MessageStatus(row.status).slug for row in rows_of(delivery)]


def counters(delivery: Delivery) -> dict[str, int]:
    """The delivery's counters that are not zero."""
    delivery.refresh_from_db()
    return {name: number for name in Delivery.STATUS_COUNTERS if (number := getattr(delivery, name))}
