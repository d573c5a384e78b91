"""What a filter's numbers stand for: the labels of lists, services, saved filters, deliveries, attributes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from recipients.filters.fields import PREFIX
from recipients.filters.references import labels, references
from recipients.models import Attribute, Recipient, SavedFilter


class Names:
    """The labels that one document needs: one query per kind of thing that it names."""

    def __init__(self, document: Any) -> None:
        numbers: dict[str, set[int]] = defaultdict(set)
        for reference in references(document):
            numbers[reference.kind].add(reference.number)
        self._labels = {kind: labels(kind, found) for kind, found in numbers.items()}
        self._attributes: dict[str, Attribute] | None = None

    def label(self, kind: str, number: Any) -> str:
        """The label of the row, else its number."""
        label = self._labels.get(kind, {}).get(number) if isinstance(number, int) else None
        return label if label else _("no. %(number)s") % {"number": number}

    def saved_filter(self, number: Any) -> SavedFilter | None:
        return SavedFilter.objects.filter(pk=number).first() if isinstance(number, int) else None

    def attribute(self, name: str) -> Attribute | None:
        if self._attributes is None:
            self._attributes = {row.name: row for row in Attribute.objects.all()}
        return self._attributes.get(name)

    def field(self, name: str, model: type[models.Model]) -> str:
        """How people call this field."""
        if model is Recipient and name.startswith(PREFIX):
            key = name.removeprefix(PREFIX)
            attribute = self.attribute(key)
            return attribute.label if attribute else key
        return str(model_field(name, model).verbose_name)

    def value(self, name: str, model: type[models.Model], value: Any) -> str | None:
        """The label of one value of a choice or a foreign key; None when it speaks for itself."""
        if model is Recipient and name.startswith(PREFIX):
            attribute = self.attribute(name.removeprefix(PREFIX))
            choices = attribute.choices if attribute else []
            return next((str(entry["label"]) for entry in choices if entry.get("value") == value), None)
        field = model_field(name, model)
        if isinstance(field, models.ForeignKey) and isinstance(value, int):
            row = field.related_model._base_manager.filter(pk=value).first()
            return None if row is None else str(row)
        return next((str(label) for code, label in field.flatchoices if code == value and value != ""), None)


def model_field(name: str, model: type[models.Model]) -> Any:
    """The column behind a name of the allow-list; `denylist.email` is another spelling of `denylist_email`."""
    return model._meta.get_field(name.replace("denylist.", "denylist_"))
