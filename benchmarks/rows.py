"""People, and deliveries confirmed and at work, for benchmarks that send."""

from __future__ import annotations

from django.utils import timezone

from common.sql import execute
from deliveries.confirmation import confirm
from deliveries.creation import create_delivery
from deliveries.lifecycle import start_due_deliveries
from deliveries.models import Delivery, DeliveryTemplate, RequestedAction
from deliveries.preparation.parts import PART_SIZE
from deliveries.preparation.pipeline import run_preparation
from deliveries.preparation.request import request_preparation

PART = PART_SIZE
HTML = '<p>Hello {{ recipient.first_name }}</p><p><a href="{{ message.unsubscribe_url }}">Unsubscribe</a></p>'
_PEOPLE = """
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, birth_date, language, gender,
    country_code, denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at,
    updated_at)
SELECT 'person' || n || '@example.com', 'First' || n, 'Last' || n, '', DATE '1970-01-01' + (n %% 15000)::int, 'en', '',
    'GB', false, false, false, false, false, '{}', now(), now()
FROM generate_series(1, %s) AS n
"""


def make_people(count: int) -> None:
    """PostgreSQL only."""
    execute(_PEOPLE, [count])
    execute("ANALYZE")


def prepare_delivery(people: int, *, html: str = HTML) -> Delivery:
    """A delivery to everybody, analysed and not yet confirmed."""
    template = DeliveryTemplate.objects.create(
        label="Benchmark",
        subject="Hello {{ recipient.first_name }}",
        html=html,
        from_email="hello@example.com",
        approval_mode="manual",
    )
    now = timezone.now()
    delivery = create_delivery(template=template, now=now, target={"everyone": True})
    preparation = request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=now)
    run_preparation(preparation=preparation, now=now)
    delivery.refresh_from_db()
    if delivery.pending != people:
        raise SystemExit(f"The analysis failed: {delivery.get_state_display()} {delivery.error}")
    return delivery


def start(delivery: Delivery) -> Delivery:
    """Confirm it, and what a worker's sweep does when the confirmation wakes it."""
    confirm(delivery, now=timezone.now())
    start_due_deliveries(timezone.now())
    return delivery
