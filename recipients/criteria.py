"""Your own models as criteria: register one with its path to the recipient and filters can ask about its rows.

    criteria.register("purchases", model=Purchase, path="recipient", label=_("Purchases"))

Call it from the `ready` of your app. The filter is then `{"related": "purchases", …}` (see `filters/related.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP

from common.registry import Registry
from recipients.models import Recipient


class InvalidCriterion(Exception):
    """The path does not lead from the model to a recipient."""


@dataclass(frozen=True)
class RelatedModel:
    name: str
    model: type[Model]
    path: str
    label: Any


related_models: Registry[RelatedModel] = Registry("criteria")


def register(name: str, *, model: type[Model], path: str = "recipient", label: Any = "") -> RelatedModel:
    """Make the rows of `model` usable in filters under `name`; `path` is the ORM path from a row to its recipient."""
    if _target(model, path) is not Recipient:
        raise InvalidCriterion(f"{model.__name__}.{path} does not lead to a recipient.")
    entry = RelatedModel(name, model, path, label or model._meta.verbose_name_plural)
    related_models.add(name, entry)
    return entry


def _target(model: type[Model], path: str) -> Any:
    current: Any = model
    for step in path.split(LOOKUP_SEP):
        current = current._meta.get_field(step).related_model
    return current
