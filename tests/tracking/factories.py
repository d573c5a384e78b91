"""Messages that were sent, and hits on them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from deliveries.content.versions import freeze
from deliveries.models import Broadlog, Delivery, MessageStatus, Preparation
from recipients.models import Recipient
from tests.deliveries.content.factories import make_delivery
from tracking.intake import record_hit
from tracking.models import HitKind, TrackingLog
from tracking.robots import Visitor

NOW = datetime(2025, 10, 6, 4, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
CRAWLER = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)"


def make_message(recipient: Recipient | None, delivery: Delivery | None = None, **content: Any) -> Broadlog:
    delivery = delivery or make_delivery(**content)
    preparation = delivery.preparations.first() or Preparation.objects.create(
        delivery=delivery,
        number=1,
        requested_action="prepare",
        requested_at=NOW,
        content_version=freeze(delivery),
    )
    return Broadlog.objects.create(
        delivery=delivery,
        preparation=preparation,
        recipient=recipient,
        address=recipient.email if recipient else "proof@example.com",
        status=MessageStatus.SENT,
        updated_at=NOW,
    )


def make_hit(
    message: Broadlog, kind: HitKind = HitKind.OPEN, user_agent: str = FIREFOX, now: datetime = NOW
) -> TrackingLog:
    return record_hit(message=message, kind=kind, visitor=Visitor(user_agent), now=now)
