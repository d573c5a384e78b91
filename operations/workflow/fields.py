"""Form fields of activity configurations: values come as JSON, and stay JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.models import Population
from operations.workflow.added_data import PREFIX, beside
from recipients.filters import FilterError, validate
from recipients.filters.fields import AttributeField, Operand, recipient_fields
from recipients.models import RecipientList

MAXIMUM_OUTLET = 100
# A panel offers no more rows of a table than that.
MAXIMUM_CHOICES = 1000


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
    """A filter over recipients; "everybody" is written out. It says nothing of what earlier activities added."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "filter"}

    default_error_messages = {
        "required": gettext_lazy('A filter is missing; everybody is {"everyone": true}.'),
    }

    def check(self, value: Any) -> None:
        check_filter(value)


def check_filter(value: Any, *, added: bool = False) -> None:
    """Raise forms.ValidationError unless the value is a filter. `added`: it may read `target.<name>`."""
    if not added:
        _refuse_added(value)
    try:
        validate(value, existing=True, beside=beside(None))
    except FilterError as error:
        place = ", ".join(error.fields)
        raise forms.ValidationError(_("%(place)s: %(why)s") % {"place": place, "why": error}) from error


def _refuse_added(node: Any) -> None:
    if isinstance(node, Mapping):
        name = node.get("field")
        if isinstance(name, str) and name.startswith(PREFIX):
            message = _("“%(name)s” can't be used here: the filter looks at recipients, not at what activities added.")
            raise forms.ValidationError(message % {"name": name[:100]})
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        _refuse_added(child)


class FlagField(forms.Field):
    """true or false, and nothing that only looks like it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "flag"}

    def clean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise forms.ValidationError(_("true or false is needed here."))
        return value


class FieldsField(JsonField):
    """Names of recipient columns, at least one; with `added` also `target.<name>`."""

    def __init__(self, *, added: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.added = added

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "fields", "added": self.added}

    def check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise forms.ValidationError(_("A list of fields is needed here."))
        for name in value:
            check_recipient_field(name, added=self.added)


class SourceField(forms.CharField):
    """The name of an activity with a transition into this one; the form's `clean_…` checks it."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "source"}


class ListField(forms.IntegerField):
    """The number of a list of recipients."""

    def describe(self, scope: Any) -> dict[str, Any]:
        lists = RecipientList.objects.order_by("label", "pk").values_list("pk", "label")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [list(row) for row in lists]}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if not RecipientList.objects.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no recipient list %(number)s.") % {"number": number})
        return number


class RecipientField(forms.CharField):
    """The name of a column of recipients, or `attributes.<name>`; with `added` also `target.<name>`."""

    def __init__(self, *, added: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.added = added

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "field", "added": self.added}

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if name:
            check_recipient_field(name, added=self.added)
        return name


def check_recipient_field(name: Any, *, added: bool = False) -> None:
    """Raise forms.ValidationError unless that is a field. `added`: it may be `target.<name>`."""
    try:
        recipient_fields(beside(None) if added else None).get(name, ())
    except FilterError as error:
        raise forms.ValidationError(str(error)) from error


def recipient_operand(name: str, population: Population | None = None) -> Operand:
    """A checked field; as text where it is an attribute, or was added to this population."""
    field = recipient_fields(beside(population)).get(name, ())
    return field.presence() if isinstance(field, AttributeField) else field.operand()


def recipient_expression(name: str, population: Population | None = None) -> Any:
    return recipient_operand(name, population).expression


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
