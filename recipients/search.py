"""Finding people by what somebody typed, along indexes: the table is never read through.

The indexes are on lower case. On PostgreSQL migration 0004 makes those for beginnings; SQLite's tables are small.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower

from recipients.models import Recipient

NAMES = ("first_name", "last_name")


def by_address(address: str) -> QuerySet[Recipient]:
    """Everybody with this e-mail address, compared without case; two people may share one."""
    return Recipient.objects.filter(email_key=_lower(address.strip()))


def beginning_with(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those whose address, first or last name begins with the text, "first last", or who have this number."""
    words = text.split()
    if not words:
        return rows
    if len(words) == 1 and words[0].removeprefix("#").isdecimal():
        return rows.filter(pk=int(words[0].removeprefix("#")))
    rows = rows.alias(**{f"lower_{name}": Lower(name) for name in ("email", *NAMES)})
    if len(words) == 1 and "@" in words[0]:
        return rows.filter(lower_email__startswith=_lower(words[0]))
    return rows.filter(_in_full(words) | _each(words))


def _lower(text: str) -> Lower:
    """In lower case as the database itself writes it: not every one knows that of "É"."""
    return Lower(Value(text))


def _each(words: list[str]) -> Q:
    """One field begins with the whole text: "de la C" finds who is called "De la Cruz"."""
    text = _lower(" ".join(words))
    return Q(lower_email__startswith=text) | Q(lower_first_name__startswith=text) | Q(lower_last_name__startswith=text)


def _in_full(words: list[str]) -> Q:
    """First name and last name, in either order."""
    found = Q()
    for place in range(1, len(words)):
        start, end = _lower(" ".join(words[:place])), _lower(" ".join(words[place:]))
        found |= Q(lower_first_name__startswith=start, lower_last_name__startswith=end)
        found |= Q(lower_last_name__startswith=start, lower_first_name__startswith=end)
    return found
