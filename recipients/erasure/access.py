"""All that is kept of one person, as one document: found along the schema, so that no table is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, Model

from common.registry import Registry
from installation.audit import entries_of
from recipients.models import Quarantine, Recipient
from recipients.quarantine import address_key
from recipients.vocabulary import Channel

Rows = list[dict[str, Any]]
# Rows that speak of a person without a foreign key to them: (recipient) -> rows.
disclosures: Registry[Callable[[Recipient], Rows]] = Registry("disclosures")


def references() -> Iterator[tuple[type[Model], Field[Any, Any]]]:
    """Every field of every table that names a recipient."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model is Recipient:
                yield model, field


def person_document(recipient: Recipient) -> dict[str, Any]:
    """{"recipients.recipient": [row], table: rows, …}; values as the database has them, empty tables left out."""
    own = Recipient.objects.filter(pk=recipient.pk)
    document: dict[str, Rows] = {Recipient._meta.label_lower: [dict(row) for row in own.values()]}
    for model, field in references():
        rows = model._default_manager.filter(**{field.name: recipient.pk}).order_by("pk")
        names = [each.attname for each in model._meta.concrete_fields]
        document.setdefault(model._meta.label_lower, []).extend(rows.values(*names))
    for code, disclose in disclosures.items():
        document.setdefault(code, []).extend(disclose(recipient))
    return {name: found for name, found in document.items() if found}


@disclosures.register("recipients.quarantine")
def _quarantine(recipient: Recipient) -> Rows:
    addresses = [address_key(Channel.EMAIL, recipient.email), recipient.mobile_phone.strip()]
    kept = Quarantine.objects.filter(address__in=[each for each in addresses if each])
    return [dict(row) for row in kept.values()]


@disclosures.register("installation.auditentry")
def _deeds(recipient: Recipient) -> Rows:
    return [dict(row) for row in entries_of(recipient).values("at", "origin", "action", "reason", "detail")]
