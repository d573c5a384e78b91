"""Filters of lists: every field that a document shows can be asked for, and nothing else can."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import django_filters
from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django_filters.filterset import filterset_factory
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from common.api.fields import SlugChoiceField
from common.states import SlugChoices

# What a list reads besides its filters: the page, and the format of the answer.
OTHER_PARAMETERS = frozenset({"cursor", "page_size", "format"})
LARGEST_NUMBER = 2**63 - 1


class SlugFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?status=pending` on an integer column; an unknown slug is a 400 that names it."""

    def __init__(self, choices: type[SlugChoices], **kwargs: Any) -> None:
        self.members = choices
        super().__init__(choices=[(member.slug, member.label) for member in choices], **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        return queryset.filter(**{self.field_name: int(self.members.from_slug(value))})


class TruthField(forms.CharField):
    def clean(self, value: Any) -> bool | None:
        text = str(super().clean(value)).lower()
        if text not in {"", "true", "false"}:
            raise forms.ValidationError(_("“%(value)s” is neither true nor false.") % {"value": text[:100]})
        return text == "true" if text else None


class BooleanFilter(django_filters.BooleanFilter):  # type: ignore[misc]
    """`true` or `false`; the library's own takes every other word for no filter at all."""

    field_class = TruthField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class WholeNumberFilter(django_filters.Filter):  # type: ignore[misc]
    """A number that a column can hold: that of a row, most often."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=-LARGEST_NUMBER, max_value=LARGEST_NUMBER, **kwargs)


class NetworkAddressFilter(django_filters.Filter):  # type: ignore[misc]
    """An IP address; PostgreSQL can't compare one with any other text."""

    field_class = forms.GenericIPAddressField


class DocumentFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """A view declares the filters that need more than equality; those of the fields it shows are made from them."""

    def get_filterset_class(self, view: Any, queryset: QuerySet[Any] | None = None) -> Any:
        serializer_class = getattr(view, "serializer_class", None)
        if serializer_class is None or queryset is None:
            return super().get_filterset_class(view, queryset)
        declared = getattr(view, "filterset_class", None)
        fields = tuple(getattr(view, "filterset_fields", None) or ())
        model: Any = queryset.model
        return _filterset(model, serializer_class, declared, fields)

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if view.action != "list":
            return queryset
        _refuse_unknown(request, self.get_filterset_class(view, queryset))
        rows: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return rows


def _refuse_unknown(request: Request, filterset: Any) -> None:
    known = OTHER_PARAMETERS | set(filterset.base_filters)
    errors = {name: [_("There is no such filter.")] for name in request.query_params if name not in known}
    if errors:
        raise exceptions.ValidationError(errors)


@cache
def _filterset(model: type[Model], serializer_class: Any, declared: Any, names: tuple[str, ...]) -> Any:
    base = declared or filterset_factory(model, fields=names)
    own = {name for name, rule in base.base_filters.items() if type(rule) not in _LENIENT}
    made = {name: _filter_of(field) for name, field in serializer_class().fields.items() if not field.write_only}
    missing = {name: rule for name, rule in made.items() if rule is not None and name not in own}
    return type("DocumentFilters", (base,), missing)


def _filter_of(field: Any) -> Any:
    """The filter by equality for a field of a document; none for what is computed or made of parts."""
    column = field.source.replace(".", "__")
    if isinstance(field, SlugChoiceField):
        return SlugFilter(field.choices, field_name=column)
    if isinstance(field, serializers.ChoiceField):
        return django_filters.ChoiceFilter(choices=list(field.choices.items()), field_name=column)
    for field_class, filter_class in _FILTERS.items():
        if isinstance(field, field_class):
            return filter_class(field_name=column)
    return None


# What the library makes from a column: it takes words for no filter, and numbers that no column can hold.
_LENIENT = (django_filters.BooleanFilter, django_filters.NumberFilter)
_FILTERS: dict[type[Any], Any] = {
    serializers.BooleanField: BooleanFilter,
    serializers.PrimaryKeyRelatedField: WholeNumberFilter,
    serializers.IntegerField: WholeNumberFilter,
    serializers.FloatField: django_filters.NumberFilter,
    serializers.DateTimeField: django_filters.IsoDateTimeFilter,
    serializers.DateField: django_filters.DateFilter,
    serializers.IPAddressField: NetworkAddressFilter,
    # No trimming: the text of a document may end in a line break.
    serializers.CharField: partial(django_filters.CharFilter, strip=False),
}
