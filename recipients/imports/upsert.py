"""One batch meets the database: one SELECT by key, one INSERT, one upsert, whatever the number of records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from common.sql import exclusive
from recipients.erasure.suppression import ERASED, suppressed
from recipients.imports.mapping import ATTRIBUTES
from recipients.models import Recipient

Record = tuple[int, dict[str, Any]]


@dataclass
class BatchOutcome:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    # The numbers of all whom a record named.
    people: list[int] = field(default_factory=list)


def upsert(records: Iterable[Record], *, key: str) -> BatchOutcome:
    """Create or update the person whom each record's key names; one transaction."""
    records = list(records)
    with exclusive("import_recipients"):
        batch = _Batch(key, _existing(records, key), suppressed(_addresses(values) for _line, values in records))
        for line, values in records:
            batch.take(line, values)
        batch.write()
    return batch.outcome


def _existing(records: list[Record], key: str) -> dict[str, list[Recipient]]:
    keys = {_key(key, values[key]) for _line, values in records}
    column = "email_key" if key == "email" else key
    found: dict[str, list[Recipient]] = {}
    for row in Recipient.objects.filter(**{f"{column}__in": sorted(keys)}).order_by("pk"):
        found.setdefault(_key(key, getattr(row, key)), []).append(row)
    return found


def _key(key: str, value: str) -> str:
    return value.lower() if key == "email" else value


def _addresses(values: dict[str, Any]) -> tuple[str, str]:
    return values.get("email") or "", values.get("mobile_phone") or ""


class _Batch:
    def __init__(self, key: str, existing: dict[str, list[Recipient]], erased: Collection[tuple[str, str]]) -> None:
        self.key = key
        self.people = existing
        self.erased = erased
        self.outcome = BatchOutcome()
        self.new: list[Recipient] = []
        self.changed: dict[int, Recipient] = {}
        self.named: list[Recipient] = []

    def take(self, line: int, values: dict[str, Any]) -> None:
        found = self.people.setdefault(_key(self.key, values[self.key]), [])
        if len(found) > 1:
            message = _("%(count)d recipients have this key") % {"count": len(found)}
            self.outcome.rejected.append((line, message))
        elif found:
            self.named.append(found[0])
            self._update(found[0], values)
        elif _addresses(values) in self.erased:
            self.outcome.rejected.append((line, str(ERASED)))
        else:
            person = Recipient()
            _apply(person, values)
            found.append(person)
            self.new.append(person)
            self.named.append(person)
            self.outcome.created += 1

    def _update(self, person: Recipient, values: dict[str, Any]) -> None:
        if not _apply(person, values):
            self.outcome.unchanged += 1
            return
        self.outcome.updated += 1
        if person.pk is not None:
            self.changed[person.pk] = person

    def write(self) -> None:
        Recipient.objects.bulk_create(self.new)
        Recipient.objects.bulk_create(
            self.changed.values(), update_conflicts=True, unique_fields=["id"], update_fields=UPDATED
        )
        self.outcome.people = list(dict.fromkeys(person.pk for person in self.named))


def _apply(person: Recipient, values: dict[str, Any]) -> bool:
    """Set the values; say whether one of them was new."""
    changed = False
    for name, value in values.items():
        if name.startswith(ATTRIBUTES):
            changed |= _set_attribute(person, name.removeprefix(ATTRIBUTES), value)
        elif getattr(person, name) != value:
            setattr(person, name, value)
            changed = True
    return changed


def _set_attribute(person: Recipient, name: str, value: str) -> bool:
    if person.attributes.get(name) == value:
        return False
    person.attributes = {**person.attributes, name: value}
    return True


UPDATED = [
    field.name
    for field in Recipient._meta.concrete_fields
    if not field.generated and field.name not in ("id", "created_at")
]
