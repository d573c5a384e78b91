"""Subscribing to a service and leaving it; every change leaves a line in the history."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from recipients.models import Service, Subscription, SubscriptionEvent


def subscribe(*, service: Service, recipient_id: int, origin: str, now: datetime) -> bool:
    """Subscribe the person and record it; False, and nothing recorded, if they were subscribed."""
    with transaction.atomic():
        _row, created = Subscription.objects.get_or_create(
            service=service, recipient_id=recipient_id, defaults={"created_at": now}
        )
        if created:
            _record(service, recipient_id, SubscriptionEvent.Action.SUBSCRIBE, origin, now)
    return created


def unsubscribe(*, service: Service, recipient_id: int, origin: str, now: datetime) -> bool:
    """Take the person out of the service and record it; False, and nothing recorded, if they were not in it."""
    with transaction.atomic():
        deleted, _rows = Subscription.objects.filter(service=service, recipient_id=recipient_id).delete()
        if deleted:
            _record(service, recipient_id, SubscriptionEvent.Action.UNSUBSCRIBE, origin, now)
    return bool(deleted)


def _record(service: Service, recipient_id: int, action: str, origin: str, now: datetime) -> None:
    SubscriptionEvent.objects.create(
        service=service, recipient_id=recipient_id, action=action, origin=origin[:200], at=now
    )
