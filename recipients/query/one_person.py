"""A filter held against one person: each of its conditions in words, the person's values, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count

from recipients.filters import FilterContext, condition
from recipients.filters.errors import FilterError
from recipients.filters.fields import PREFIX
from recipients.models import Recipient
from recipients.query.names import Names
from recipients.query.values_in_words import moment_in_words, value_in_words
from recipients.query.words import words

MAXIMUM = 40


@dataclass(frozen=True)
class Check:
    """`values`: “birth date: 22 September 1984”. `holds`: None where nobody looked."""

    text: str
    holds: bool | None
    values: tuple[str, ...] = ()


def checks_of(document: Any, recipient_id: int, context: FilterContext) -> list[Check]:
    """The conditions that must all hold, in their order; two statements besides the labels. Empty if it can't be read.

    The person's values are those of today: what they were at the instant of the context is not kept.
    """
    person = Recipient.objects.filter(pk=recipient_id).first()
    conjuncts = list(_conjuncts(document))[:MAXIMUM]
    if person is None:
        return []
    try:
        counts = {f"c{at}": Count("pk", filter=condition(node, context)) for at, node in enumerate(conjuncts)}
        names = Names(document)
        texts = [words(node) for node in conjuncts]
    except FilterError:
        return []
    found = Recipient.objects.filter(pk=recipient_id).aggregate(**counts)
    return [
        Check(text, bool(found[f"c{at}"]), tuple(dict.fromkeys(_values(node, person, names))))
        for at, (node, text) in enumerate(zip(conjuncts, texts, strict=True))
    ]


def _conjuncts(node: Any) -> Iterator[dict[str, Any]]:
    """What must hold one by one; an “any” or a “not” is one condition."""
    if isinstance(node, dict) and isinstance(node.get("all"), list):
        for item in node["all"]:
            yield from _conjuncts(item)
    elif isinstance(node, dict):
        yield node


def _values(node: Any, person: Recipient, names: Names) -> Iterator[str]:
    for key in ("all", "any"):
        for item in node.get(key, []):
            yield from _values(item, person, names)
    if "not" in node:
        yield from _values(node["not"], person, names)
    if "field" in node:
        name = node["field"]
        yield f"{names.field(name, Recipient)}: {shown(_value(person, name), names.value, name)}"


def _value(person: Recipient, name: str) -> Any:
    if name.startswith(PREFIX):
        return (person.attributes or {}).get(name.removeprefix(PREFIX))
    return getattr(person, name.replace("denylist.", "denylist_"), None)


def shown(value: Any, label_of: Any = None, name: str = "") -> str:
    """A value as people read it; “–” for none."""
    if value is None or value == "":
        return "–"
    if isinstance(value, date | datetime):
        return moment_in_words(value.isoformat())
    if isinstance(value, bool | int | float):
        return value_in_words(value)
    label = label_of(name, Recipient, value) if label_of is not None and isinstance(value, str) else None
    return label or str(value)
