"""What people did with deliveries: downstream apps register received, failed, opened, clicked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from common.registry import Registry


class Behaviour(Protocol):
    """Answers rows with a `recipient_id`: who behaved so in one delivery, series or operation (`of`), since when."""

    def __call__(self, *, of: Mapping[str, int] | None, since: datetime | None) -> QuerySet[Any, Any]: ...


behaviours: Registry[Behaviour] = Registry("behaviours")
