"""Filter fields: slugs outside, codes inside."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from common.states import SlugChoices


class SlugFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?status=pending` on an integer column; an unknown slug is a 400 that names the known ones."""

    def __init__(self, choices: type[SlugChoices], **kwargs: Any) -> None:
        self.members = choices
        super().__init__(choices=[(member.slug, member.label) for member in choices], **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        return queryset.filter(**{self.field_name: int(self.members.from_slug(value))})
