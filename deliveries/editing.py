"""Changing a delivery: what is analysed is analysed again, what has been confirmed is not changed any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES
from deliveries.preparation.void import void_analysis
from recipients.filters import FilterError, validate
from recipients.models import RecipientList

# What the analysis does not depend on: it may change without a new one, and while the delivery is being sent.
FREE_FIELDS = frozenset({"affinity", "route", "priority", "contact_date"})
_UNANALYSED = (DeliveryState.EDITED, DeliveryState.PREPARATION_FAILED)
_ANALYSED = (*ANALYSIS_STATES, DeliveryState.READY)


class UnableToEdit(IllegalState):
    """The delivery is confirmed, being sent or over."""


class TargetNotAllowed(Invalid):
    """Only a one-off delivery outside a workflow has its own target."""


class InvalidTarget(Invalid):
    """The target is no filter, and no list that exists."""


@transaction.atomic
def edit_delivery(delivery: Delivery, changes: Mapping[str, Any], *, now: datetime) -> Delivery:
    """Write the values that differ; an analysis that depends on one of them is void.

    Raises UnableToEdit, TargetNotAllowed, InvalidTarget, and ValidationError for a value that the model refuses.
    """
    changed = {name: value for name, value in changes.items() if getattr(delivery, name) != value}
    if not changed:
        return delivery
    refuse_target(delivery, changed)
    if _needs_new_analysis(delivery, changed):
        # Before the lock on the delivery: analyses are locked first, by everybody.
        void_analysis(delivery=delivery, now=now)
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    _require_editable(delivery, changed)
    for name, value in changed.items():
        setattr(delivery, name, value)
    delivery.full_clean(exclude=[field.name for field in Delivery._meta.fields if field.name not in changed])
    delivery.save(update_fields=list(changed))
    return delivery


def _needs_new_analysis(delivery: Delivery, changed: Mapping[str, Any]) -> bool:
    return delivery.state in _ANALYSED and not FREE_FIELDS.issuperset(changed)


def is_content_editable(delivery: Delivery) -> bool:
    return delivery.state in (*_UNANALYSED, *_ANALYSED) and not delivery.stop_requested


def refuse_target(delivery: Delivery, changes: Mapping[str, Any]) -> None:
    """Raise TargetNotAllowed or InvalidTarget for a target that the delivery can't have."""
    target = changes.get("target")
    if target is None:
        return
    if delivery.kind != DeliveryKind.ONE_OFF or delivery.activity_id is not None:
        sentence = _("Only a one-off delivery outside a workflow has its own target; here the workflow gives it.")
        raise TargetNotAllowed(sentence, fields={"target": [sentence]})
    check_target(target)


def check_target(target: Any) -> None:
    """Raise InvalidTarget unless it is a filter or {"list": number of a list}."""
    if isinstance(target, Mapping) and set(target) == {"list"}:
        number = target["list"]
        if not isinstance(number, int) or not RecipientList.objects.filter(pk=number).exists():
            raise _invalid_target(_("There is no recipient list %(number)s.") % {"number": number})
        return
    try:
        validate(target, existing=True)
    except FilterError as error:
        raise _invalid_target(str(error)) from error


def _invalid_target(sentence: str) -> InvalidTarget:
    return InvalidTarget(sentence, fields={"target": [sentence]})


def _require_editable(delivery: Delivery, changed: Mapping[str, Any]) -> None:
    if is_content_editable(delivery):
        return
    over = delivery.state in FINAL_STATES and delivery.kind != DeliveryKind.CONTINUOUS
    refused = sorted(set(changed) if over else set(changed) - FREE_FIELDS)
    if refused:
        raise UnableToEdit(
            _("%(fields)s can't be changed any more: the state of this delivery is “%(state)s”.")
            % {"fields": ", ".join(refused), "state": delivery.get_state_display()}
        )
