"""How fast a delivery goes, and when it will end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.models import Delivery, DeliveryMinute, DeliveryPart
from deliveries.progress import Progress, progress_of
from tests.deliveries.rows import make_started

pytestmark = pytest.mark.django_db


def _sending(now: datetime, *, per_minute: int) -> Delivery:
    delivery = make_started(now, people=4)
    minute = now.replace(second=0, microsecond=0)
    DeliveryMinute.objects.bulk_create(
        DeliveryMinute(delivery=delivery, minute=minute - timedelta(minutes=ago), processed=per_minute, succeeded=0)
        for ago in range(1, 6)
    )
    return delivery


def _progress(delivery: Delivery, now: datetime) -> Progress:
    return progress_of([delivery], now)[delivery.pk]


def test_the_end_is_estimated_from_the_pace_of_the_last_minutes(now: datetime) -> None:
    progress = _progress(_sending(now, per_minute=2), now)

    assert (progress.per_minute, progress.waiting) == (2, 4)
    assert progress.ends_at == now + timedelta(minutes=2)


def test_what_a_receiver_holds_until_tomorrow_does_not_end_today(now: datetime) -> None:
    delivery = _sending(now, per_minute=2)
    tomorrow = now + timedelta(hours=12)
    DeliveryPart.objects.filter(delivery=delivery).update(due_at=tomorrow, throttled_by="google")

    assert _progress(delivery, now).ends_at == tomorrow


def test_without_a_pace_there_is_no_estimate(now: datetime) -> None:
    assert _progress(make_started(now, people=2), now).ends_at is None
