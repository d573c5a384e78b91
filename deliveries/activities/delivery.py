"""Delivery: a new one, a chosen one or the one that comes in; to the people who come in or to its own target."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Refused
from deliveries.activities.base import (
    ENDED_BADLY,
    LOOK_AGAIN,
    DeliveryActivity,
    DeliveryConfig,
    is_resumed,
    nobody,
    tell_what_is_asked,
)
from deliveries.creation import create_for_task
from deliveries.models import Delivery, DeliveryKind, DeliveryTemplate, Preparation, RequestedAction
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import WORKING_STATES
from deliveries.proofs import request_proof
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
from operations.models import Activity, Population
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.fields import JsonField
from operations.workflow.registry import register

NEW = "new"
INBOUND, OWN = "inbound", "delivery"
PROOF = "proof"


class AddressesField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "outlets"}

    def check(self, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(address, str) for address in value):
            raise forms.ValidationError(_("A list of addresses is needed here."))


def _optional(field: forms.Field) -> Any:
    made = deepcopy(field)
    made.required = False
    return made


class GenericConfig(DeliveryConfig):
    delivery = forms.ChoiceField(
        label=gettext_lazy("Delivery"),
        choices=[
            (NEW, gettext_lazy("New, from a template")),
            (EXPLICIT, gettext_lazy("One that I choose")),
            (TRANSITION, gettext_lazy("The one that comes in")),
        ],
        initial=NEW,
    )
    template = _optional(DeliveryConfig.base_fields["template"])
    delivery_id = DeliveryField(label=gettext_lazy("Chosen delivery"), required=False)
    recipients = forms.ChoiceField(
        label=gettext_lazy("Recipients"),
        choices=[
            (INBOUND, gettext_lazy("The people who come in")),
            (OWN, gettext_lazy("The target of the delivery")),
        ],
        initial=INBOUND,
    )
    action = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=[*reversed(RequestedAction.choices), (PROOF, gettext_lazy("Send a proof"))],
        initial=RequestedAction.PREPARE_AND_START.value,
    )
    proof_addresses = AddressesField(
        label=gettext_lazy("Addresses of the proof"), required=False, help_text=gettext_lazy("Only for “Send a proof”.")
    )

    def clean_template(self) -> Any:
        return super().clean_template() if self.cleaned_data.get("template") is not None else None

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or self.cleaned_data)
        needed = {NEW: "template", EXPLICIT: "delivery_id"}.get(cleaned.get("delivery", ""))
        if needed:
            require_chosen(self, cleaned, needed)
        if cleaned.get("delivery") == NEW and cleaned.get("recipients") == OWN and cleaned.get("action") != PROOF:
            self.add_error("recipients", _("A new delivery has no target of its own: it goes to those who come in."))
        if cleaned.get("action") == PROOF and not cleaned.get("proof_addresses"):
            self.add_error("proof_addresses", _("A proof needs at least one address."))
        return cleaned


@register
class GenericDelivery(DeliveryActivity):
    code = "delivery"
    label = gettext_lazy("Delivery")
    description = gettext_lazy(
        "Makes a delivery or takes one that exists, and carries it as far as you say: from saving it to sending it."
    )
    category = "actions"
    Config = GenericConfig

    def execute(self, context: TaskContext) -> Outcome:
        preparation = Preparation.objects.select_related("delivery").filter(task=context.task).first()
        if preparation is None or is_resumed(context, preparation):
            return self._begin_with(context, preparation)
        is_proof = preparation.delivery.kind == DeliveryKind.PROOF
        if is_proof and preparation.state not in (*WORKING_STATES, *ENDED_BADLY):
            return Done({"out": context.single_inbound})
        return self._look(context, preparation)

    def rehearse(self, context: TaskContext) -> Outcome:
        config = context.config
        if config["delivery"] == NEW and config["action"] != PROOF:
            return super().rehearse(context)
        return ActivityType.rehearse(self, context)

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        return create_for_task(activity=context.activity, template=template, task=context.task, now=context.now)

    def exported(self, activity: Activity) -> dict[str, Any]:
        config = export_chosen(activity)
        return {**super().exported(activity), **_without(config, "template")} if config.get("template") else config

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        config = import_chosen(exported)
        return super().imported(config) if config.get("template") else _without(config, "content")

    def _begin_with(self, context: TaskContext, earlier: Preparation | None) -> Outcome:
        population = self._people(context)
        if population is not None and not population.count:
            return nobody(context)
        try:
            is_new = context.config["delivery"] == NEW
            delivery = self.create(context, self._template(context)) if is_new else chosen_delivery(context)
            remember(context, delivery)
            preparation = self._request(context, delivery, population, earlier)
        except Refused as error:
            raise ActivityFailed(str(error)) from error
        tell_what_is_asked(context, delivery, preparation)
        if preparation is None:
            return Done({"out": context.single_inbound})
        return _wait(context, delivery, preparation)

    def _people(self, context: TaskContext) -> Population | None:
        """Those whom it goes to; None where the delivery has its own target, or only a proof is sent."""
        if context.config["recipients"] == OWN or context.config["action"] == PROOF:
            return None
        return context.required_population()

    def _request(
        self, context: TaskContext, delivery: Delivery, population: Population | None, earlier: Preparation | None
    ) -> Preparation | None:
        action = context.config["action"]
        if action == RequestedAction.SAVE:
            return None
        if action == PROOF and earlier is None:
            addresses = context.config["proof_addresses"]
            return request_proof(of=delivery, addresses=addresses, task=context.task, now=context.now)
        if action == PROOF and earlier is not None:
            delivery, action = earlier.delivery, RequestedAction.PREPARE_AND_START
        return request_preparation(
            delivery=delivery, action=action, now=context.now, population=population, task=context.task
        )

    def _look(self, context: TaskContext, preparation: Preparation) -> Outcome:
        outcome = super()._look(context, preparation)
        if isinstance(outcome, Wait):
            return _wait(context, preparation.delivery, preparation)
        return outcome


def _wait(context: TaskContext, delivery: Delivery, preparation: Preparation) -> Wait:
    # A proof is not what later activities go on with.
    written = context.task.memo.get("delivery", delivery.pk)
    memo = {"preparation": preparation.pk, "attempt": context.task.attempt, "delivery": written}
    return Wait(context.now + LOOK_AGAIN, memo)


def _without(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != key}
