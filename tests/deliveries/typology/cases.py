"""What the tests of the rules share: one delivery, one rule, and the sentences that it finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deliveries.models import Delivery, Preparation
from deliveries.typology.registry import control_rules, filtering_rules
from tests.deliveries.factories import analyse, make_delivery, reasons
from tests.factories import make_recipient


def faults(code: str, now: datetime, *, to_deliver: int = 0, **values: Any) -> list[str]:
    """The sentences of one control rule about a delivery with these values."""
    delivery = make_delivery(now)
    for name, value in values.items():
        setattr(delivery, name, value)
    preparation = Preparation(delivery=delivery, to_deliver=to_deliver, requested_at=now)
    return [str(fault) for fault in control_rules.get(code)().faults(delivery, preparation)]


def reason_of(now: datetime, **values: Any) -> str:
    """Why an analysis drops a person with these values; "pending" when it does not."""
    person = make_recipient(**values)
    delivery: Delivery = make_delivery(now)
    analyse(delivery, now=now)
    return reasons(delivery)[person.pk]


def applies_to_proofs(code: str) -> bool:
    return filtering_rules.get(code).applies_to_proofs
