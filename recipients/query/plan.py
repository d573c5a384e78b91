"""What PostgreSQL would have to read for a filter: a warning before a heavy scan. SQLite has no such estimate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from recipients.filters import FilterContext, condition
from recipients.models import Recipient

HEAVY = 2_000_000


def heavy_scan(document: Any, context: FilterContext, parameters: Mapping[str, Any] | None = None) -> str:
    """A sentence when a table of millions would be read from end to end, else an empty text. Raises FilterError."""
    if connection.vendor != "postgresql":
        return ""
    rows = Recipient.objects.filter(condition(document, context, parameters)).order_by().values("pk")
    read = max((size for size, _name in scans(json.loads(rows.explain(format="json"))[0]["Plan"])), default=0)
    if read < HEAVY:
        return ""
    shown = number_format(read, use_l10n=True, force_grouping=True)
    return _("This filter reads a whole table (about %(number)s rows): it takes long each time.") % {"number": shown}


def scans(plan: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """How many rows each sequential scan of the plan reads, and of which table."""
    if plan.get("Node Type") == "Seq Scan":
        yield table_size(plan["Relation Name"]), plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scans(child)


def table_size(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", [name])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
