"""A few of the people whom a filter selects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recipients.filters import FilterContext, condition
from recipients.models import Recipient
from recipients.query.time_box import time_box

SHOWN = 20
PATIENCE = 5.0


def preview(document: Any, context: FilterContext, parameters: Mapping[str, Any] | None = None) -> list[Recipient]:
    """At most twenty people, any of them. Raises FilterError, and OutOfTime after five seconds."""
    with time_box(PATIENCE):
        return list(Recipient.objects.filter(condition(document, context, parameters)).order_by()[:SHOWN])
