"""Run inside a scratch installation (`python -m tests.faults.rows fill …`): writes a delivery that is being sent."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from deliveries.models import Preparation

PEOPLE = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, language, gender, country_code,
    denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at, updated_at)
SELECT 'person' || n || '@example.com', 'First' || n, '', '', '', '', '', FALSE, FALSE, FALSE, FALSE, FALSE, '{}', %s,
    %s
FROM numbers
"""


def main(verb: str, count: str, connections: str, *given: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign_site.settings")
    django.setup()
    values = dict(text.partition("=")[::2] for text in given)
    {"fill": fill}[verb](int(count), int(connections), values)


def fill(count: int, connections: int, values: dict[str, str]) -> None:
    """`values`: fields of the delivery, as texts; `operation`, the label of one that is made for it."""
    from deliveries.content.versions import freeze
    from deliveries.models import Route
    from deliveries.routes import ensure_default_route
    from operations.models import Operation, OperationState
    from tests.deliveries.mta.factories import make_sending

    ensure_default_route()
    Route.objects.update(max_connections=connections)
    content = {"subject": "Hello {{ recipient.first_name }}", "text": "Hello {{ recipient.first_name }}"}
    counts = {"targeted": count, "pending": count}
    fields: dict[str, Any] = {"from_email": "ada@example.com", **content, **values, **counts}
    if "operation" in fields:
        fields["operation"] = Operation.objects.create(label=values["operation"], state=OperationState.STARTED)
    delivery = make_sending(0, channel="email", **fields)
    preparation = delivery.preparations.get()
    preparation.content_version = freeze(delivery)
    preparation.save(update_fields=["content_version"])
    _add_rows(preparation, count)


def _add_rows(preparation: Preparation, count: int) -> None:
    """In sets: the long run has millions."""
    from django.db.models import F, Value
    from django.utils import timezone

    from common.sql import execute, insert_from_select, timestamp
    from deliveries.models import Broadlog, DeliveryPart, MessageStatus, PartState
    from deliveries.preparation.parts import cut_parts
    from recipients.models import Recipient

    now = timezone.now()
    execute(PEOPLE, [count, timestamp(now), timestamp(now)])
    fixed = {"delivery": preparation.delivery_id, "preparation": preparation.pk, "status": int(MessageStatus.PENDING)}
    values: list[Any] = [*map(Value, fixed.values()), Value(now), F("pk"), F("email")]
    people = Recipient.objects.order_by("pk").values_list(*values)
    insert_from_select(Broadlog, [*fixed, "updated_at", "recipient", "address"], people)
    cut_parts(preparation, due_at=now)
    DeliveryPart.objects.filter(preparation=preparation).update(state=PartState.DUE)


if __name__ == "__main__":
    main(*sys.argv[1:])
