"""Saved filters: checked, named, and never deleted while another one uses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from common.registry import Registry
from recipients.filters import FilterError, validate
from recipients.filters.references import SAVED, references
from recipients.filters.saved import SAMPLES, default_values
from recipients.models import SavedFilter

PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAXIMUM_NAMED = 10
# Downstream: what uses a saved filter, as people call it (“the workflow …”).
users_downstream: Registry[Callable[[SavedFilter], list[str]]] = Registry("users of saved filters")
KEYS = {"name", "label", "kind", "default"}


def save_filter(
    *,
    label: str,
    document: Any,
    parameters: Sequence[Mapping[str, Any]] = (),
    description: str = "",
    user: Any = None,
    row: SavedFilter | None = None,
) -> SavedFilter:
    """A new saved filter, or `row` changed. Raises Invalid (FilterError for the document)."""
    if not label.strip():
        raise Invalid(_("A saved filter needs a name."), fields={"label": [_("A saved filter needs a name.")]})
    check_saved(document, parameters, row)
    saved = row or SavedFilter(created_by=user)
    saved.label, saved.filter, saved.description = label.strip()[:200], document, description
    saved.parameters = [dict(entry) for entry in parameters]
    saved.save()
    return saved


def check_saved(document: Any, parameters: Any, row: SavedFilter | None = None) -> None:
    """Raise Invalid unless the document and its parameters make a saved filter."""
    _check_parameters(parameters)
    validate(document, existing=True, parameters=default_values(parameters))
    if row is not None and row.pk is not None:
        _refuse_cycle(document, row.pk)


def _check_parameters(parameters: Any) -> None:
    if not isinstance(parameters, list | tuple) or not all(isinstance(entry, Mapping) for entry in parameters):
        raise _wrong(_("The parameters are a list of objects."))
    names = [entry.get("name") for entry in parameters]
    for name, entry in zip(names, parameters, strict=True):
        if not isinstance(name, str) or not PARAMETER_NAME.fullmatch(name) or names.count(name) > 1:
            raise _wrong(_("A parameter has a name of its own: small letters, digits and “_”."))
        if entry.get("kind") not in SAMPLES or not set(entry) <= KEYS:
            message = _("The parameter %(name)s needs one of these types: %(kinds)s.")
            raise _wrong(message % {"name": name, "kinds": ", ".join(SAMPLES)})


def _wrong(message: str) -> Invalid:
    return Invalid(message, fields={"parameters": [message]})


def _refuse_cycle(document: Any, number: int) -> None:
    """The stored row still holds its old document: follow the new one from here."""
    pending, seen = [document], set()
    while pending:
        for reference in references(pending.pop()):
            if reference.kind != SAVED or reference.number in seen:
                continue
            if reference.number == number:
                raise FilterError(_("A saved filter can't use itself."), reference.path)
            seen.add(reference.number)
            pending.extend(SavedFilter.objects.filter(pk=reference.number).values_list("filter", flat=True))


def users_of(row: SavedFilter) -> list[SavedFilter]:
    """The other saved filters that use this one."""
    others = SavedFilter.objects.exclude(pk=row.pk).order_by("label", "pk")
    return [other for other in others.iterator() if uses(other.filter, row)]


def uses(document: Any, row: SavedFilter) -> bool:
    """Whether the document, or one inside it, names this saved filter."""
    return any(reference.kind == SAVED and reference.number == row.pk for reference in references(document))


def require_unused(row: SavedFilter) -> None:
    """Raise IllegalState, naming them, when other saved filters use it, or anything downstream does."""
    users = [str(user) for user in users_of(row)]
    users += [user for find in users_downstream for user in find(row)]
    if users:
        message = _("“%(label)s” is used by: %(users)s.")
        more = [_("%(number)d others") % {"number": len(users) - MAXIMUM_NAMED}] if len(users) > MAXIMUM_NAMED else []
        raise IllegalState(message % {"label": row.label, "users": ", ".join([*users[:MAXIMUM_NAMED], *more])})
