"""What a deletion takes with it, counted: a list may have millions of members, and Django would load and name each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import ForeignObjectRel, Model, QuerySet
from django.http import HttpRequest

from common.figures import count


class CountedDeletionMixin:
    """For models whose related rows are many and have no related rows of their own."""

    model: type[Model]

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[str], list[str]]:
        """As Django's: what is shown, numbers by name, missing permissions, what forbids it."""
        chosen = list(objs)
        taken = {
            str(relation.related_model._meta.verbose_name_plural): _rows(relation, chosen)
            for relation in self.model._meta.related_objects
        }
        followers = [f"{count(number)} {name}" for name, number in taken.items() if number]
        shown: list[Any] = [str(each) for each in chosen]
        own = {str(self.model._meta.verbose_name_plural): len(chosen)}
        return [*shown, followers] if followers else shown, {**own, **taken}, set(), []


def _rows(relation: ForeignObjectRel, chosen: list[Model]) -> int:
    manager = relation.related_model._base_manager
    return int(manager.filter(**{f"{relation.field.name}__in": chosen}).order_by().count())
