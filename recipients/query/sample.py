"""A sample of the base: what counts are estimated from when counting everybody would take too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Mod

from common.sql import fetch_value
from recipients.models import Recipient

# The same people in every answer: figures that are compared must not tremble.
SEED = 7


@dataclass(frozen=True)
class Sample:
    """`rows`: one recipient in `one_in`, all of them when that is 1."""

    rows: QuerySet[Recipient]
    one_in: int

    @property
    def is_partial(self) -> bool:
        return self.one_in > 1


def base_size() -> int:
    """About how many recipients there are: PostgreSQL's statistics for a large base, else a count."""
    if connection.vendor == "postgresql":
        estimate = fetch_value("SELECT reltuples::bigint FROM pg_class WHERE oid = 'recipients_recipient'::regclass")
        if estimate is not None and estimate > 100_000:
            return int(estimate)
    return Recipient.objects.count()


def sample_of(size: int, base: int) -> Sample:
    """A sample of about `size` people of a base of `base`: the whole base when it is no larger."""
    one_in = max(base // size, 1)
    if one_in == 1:
        return Sample(Recipient.objects.order_by(), 1)
    return Sample(_postgresql(one_in) if connection.vendor == "postgresql" else _by_number(one_in), one_in)


def _postgresql(one_in: int) -> QuerySet[Recipient]:
    chosen: Any = RawSQL(
        "SELECT id FROM recipients_recipient TABLESAMPLE SYSTEM (%s) REPEATABLE (%s)", [100 / one_in, SEED]
    )
    return Recipient.objects.filter(pk__in=chosen).order_by()


def _by_number(one_in: int) -> QuerySet[Recipient]:
    return Recipient.objects.alias(remainder=Mod(F("pk"), one_in)).filter(remainder=SEED % one_in).order_by()
