"""Form fields of activity configurations: values come as JSON, and stay JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.filters import FilterError, validate
from recipients.filters.fields import AttributeField, Operand, recipient_fields
from recipients.models import RecipientList

MAXIMUM_OUTLET = 100


class JsonField(forms.JSONField):
    """Any JSON value; a subclass checks it in `check`."""

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned not in self.empty_values:
            self.check(cleaned)
        return cleaned

    def check(self, value: Any) -> None:
        """Raise forms.ValidationError unless the value will do."""


class FilterField(JsonField):
    """A filter over recipients; "everybody" is written out."""

    default_error_messages = {
        "required": gettext_lazy('A filter is missing; everybody is {"everyone": true}.'),
    }

    def check(self, value: Any) -> None:
        check_filter(value)


def check_filter(value: Any) -> None:
    try:
        validate(value)
    except FilterError as error:
        place = ", ".join(error.fields)
        raise forms.ValidationError(_("%(place)s: %(why)s") % {"place": place, "why": error}) from error


class FlagField(forms.Field):
    """true or false, and nothing that only looks like it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise forms.ValidationError(_("true or false is needed here."))
        return value


class ListField(forms.IntegerField):
    """The number of a list of recipients."""

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if not RecipientList.objects.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no recipient list %(number)s.") % {"number": number})
        return number


class RecipientField(forms.CharField):
    """The name of a column of recipients, or `attributes.<name>`."""

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if name:
            check_recipient_field(name)
        return name


def check_recipient_field(name: Any) -> None:
    try:
        recipient_fields().get(name, ())
    except FilterError as error:
        raise forms.ValidationError(str(error)) from error


def recipient_operand(name: str) -> Operand:
    """A checked field; as text where it is an attribute."""
    field = recipient_fields().get(name, ())
    return field.presence() if isinstance(field, AttributeField) else field.operand()


def recipient_expression(name: str) -> Any:
    return recipient_operand(name).expression


def require_objects(value: Any, keys: set[str]) -> list[Mapping[str, Any]]:
    """The value as a list of at least one object with no other keys."""
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        raise forms.ValidationError(_("A list of at least one object is needed here."))
    unknown = sorted({str(key) for entry in value for key in entry} - keys)
    if unknown:
        message = _("Unknown key: %(unknown)s; there are %(known)s.")
        raise forms.ValidationError(message % {"unknown": ", ".join(unknown), "known": ", ".join(sorted(keys))})
    return value


def check_outlets(names: list[Any], reserved: str = "") -> None:
    """Outlets are named by texts, each once; the reserved name is the one that the type adds itself."""
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= MAXIMUM_OUTLET:
            message = _("A name is a text of 1 to %(maximum)d characters.")
            raise forms.ValidationError(message % {"maximum": MAXIMUM_OUTLET})
        if name == reserved or names.count(name) > 1:
            raise forms.ValidationError(_("The name “%(name)s” is taken.") % {"name": name})


def check_source(name: str, sources: Sequence[str]) -> str:
    """The name, unless the drawing already has transitions into the activity and none comes from there."""
    if name and sources and name not in sources:
        message = _("“%(name)s” has no transition into this activity; there are %(names)s.")
        raise forms.ValidationError(message % {"name": name, "names": ", ".join(sources)})
    return name
