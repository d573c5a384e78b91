"""Plain, typed makers of rows; no randomness. Each app's tests add their own beside them."""

from __future__ import annotations

from typing import Any

from recipients.models import Recipient


def make_recipient(number: int = 1, **values: Any) -> Recipient:
    defaults: dict[str, Any] = {
        "email": f"person{number}@example.com",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "language": "en",
        "country_code": "GB",
    }
    return Recipient.objects.create(**{**defaults, **values})


def make_recipients(count: int, **values: Any) -> list[Recipient]:
    return [make_recipient(number, **values) for number in range(1, count + 1)]
