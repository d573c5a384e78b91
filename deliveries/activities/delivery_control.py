"""Delivery control: starts, pauses or stops a delivery that another activity or somebody made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, gettext_noop

from common.errors import Refused
from common.sentences import Sentence
from deliveries import control
from deliveries.activities.base import LOOK_AGAIN, analysis_failed, is_resumed
from deliveries.confirmation import confirm
from deliveries.models import Delivery, DeliveryState, Preparation, PreparationState, RequestedAction
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import WORKING_STATES
from deliveries.travelling import (
    EXPLICIT,
    TRANSITION,
    DeliveryField,
    chosen_delivery,
    export_chosen,
    import_chosen,
    remember,
    require_chosen,
)
from operations.models import Activity
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register

START, PAUSE, STOP = "start", "pause", "stop"
# From here a start analyses first.
UNPREPARED = (DeliveryState.EDITED, DeliveryState.TARGET_READY, DeliveryState.PREPARATION_FAILED)


class ControlConfig(ConfigForm):
    action = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=[
            (START, gettext_lazy("Start: do the steps that remain")),
            (PAUSE, gettext_lazy("Pause")),
            (STOP, gettext_lazy("Stop")),
        ],
        initial=START,
    )
    delivery = forms.ChoiceField(
        label=gettext_lazy("Delivery"),
        choices=[
            (TRANSITION, gettext_lazy("The one that comes in")),
            (EXPLICIT, gettext_lazy("One that I choose")),
        ],
        initial=TRANSITION,
    )
    delivery_id = DeliveryField(label=gettext_lazy("Chosen delivery"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or self.cleaned_data)
        if cleaned.get("delivery") == EXPLICIT:
            require_chosen(self, cleaned)
        return cleaned


@register
class DeliveryControl(ActivityType):
    code = "delivery_control"
    label = gettext_lazy("Delivery control")
    description = gettext_lazy("Starts, pauses or stops a delivery at the right moment of the workflow.")
    icon = "sliders-horizontal"
    category = "actions"
    may_end_branch = True
    has_side_effects = True
    Config = ControlConfig

    def execute(self, context: TaskContext) -> Outcome:
        delivery = chosen_delivery(context)
        remember(context, delivery)
        try:
            waits = {START: _start, PAUSE: _pause, STOP: _stop}[context.config["action"]](context, delivery)
        except Refused as error:
            raise ActivityFailed(str(error)) from error
        if waits:
            return Wait(context.now + LOOK_AGAIN, {"delivery": delivery.pk, "attempt": context.task.attempt})
        message = gettext_noop("“%(label)s” is “%(state)s”.")
        delivery.refresh_from_db()
        state = Sentence.of(DeliveryState(delivery.state).label)
        context.log(Sentence(message, {"label": delivery.label, "state": state}))
        return Done({"out": context.single_inbound})

    def exported(self, activity: Activity) -> dict[str, Any]:
        return export_chosen(activity)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return import_chosen(exported)


def _start(context: TaskContext, delivery: Delivery) -> bool:
    """Do the next step that remains; True while an analysis is to be waited for."""
    asked = Preparation.objects.filter(task=context.task).first()
    if asked is not None and asked.state == PreparationState.FAILED and not is_resumed(context, asked):
        raise analysis_failed(asked)
    if asked is not None and asked.state in WORKING_STATES:
        return True
    if delivery.state in (DeliveryState.PAUSED, DeliveryState.PAUSING):
        control.resume(delivery, now=context.now)
    elif delivery.state == DeliveryState.READY:
        confirm(delivery, now=context.now)
    elif delivery.state in UNPREPARED and not delivery.stop_requested:
        action = RequestedAction.PREPARE_AND_START
        request_preparation(delivery=delivery, action=action, now=context.now, task=context.task)
        return True
    return delivery.state in ANALYSIS_STATES


def _pause(context: TaskContext, delivery: Delivery) -> bool:
    if delivery.state in control.PAUSABLE and not delivery.stop_requested:
        control.pause(delivery, now=context.now)
    return False


def _stop(context: TaskContext, delivery: Delivery) -> bool:
    if delivery.state not in FINAL_STATES:
        control.stop(delivery, now=context.now)
    return False
