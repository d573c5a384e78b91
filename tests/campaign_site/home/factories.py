"""Deliveries at any point of their life, and what stands around them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from deliveries.models import Delivery, DeliveryMinute, DeliveryState
from installation.models import Process


def make_row(state: DeliveryState, label: str = "Wine fair", **values: Any) -> Delivery:
    return Delivery.objects.create(label=label, state=state, **{"channel": "email", **values})


def sending(now: datetime, label: str = "Wine fair", pending: int = 600, **values: Any) -> Delivery:
    """A delivery that sends 100 messages a minute."""
    counters = {"targeted": 1000, "ignored": 0, "sent": 400 - 12, "failed": 10, "in_doubt": 2, "pending": pending}
    begun = now - timedelta(minutes=10)
    delivery = make_row(DeliveryState.IN_PROGRESS, label, started_at=begun, **{**counters, **values})
    last = now.replace(second=0, microsecond=0)
    DeliveryMinute.objects.bulk_create(
        DeliveryMinute(delivery=delivery, minute=last - timedelta(minutes=minute), processed=100)
        for minute in range(1, 6)
    )
    return delivery


def finished(at: datetime, label: str = "Wine fair", **values: Any) -> Delivery:
    counters = {"targeted": 1000, "ignored": 100, "sent": 891, "failed": 9, "opened": 297, "clicked": 33}
    return make_row(DeliveryState.FINISHED, label, started_at=at, ended_at=at, **{**counters, **values})


def all_alive(now: datetime) -> None:
    for kind in Process.Kind.values:
        Process.objects.create(uid=kind, kind=kind, name=kind, host="a", pid=1, started_at=now, heartbeat_at=now)
