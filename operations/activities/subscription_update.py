"""Subscription update: the people who come in are subscribed to a service, or unsubscribed from it.

The history gets a line for each person whom it changes, and none for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import models
from django.db.models import BigIntegerField, CharField, DateTimeField, Exists, OuterRef, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from common.sql import insert_from_select
from operations.models import Activity, PopulationMember
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm, InvalidConfig
from operations.workflow.fields import MAXIMUM_CHOICES, FlagField
from operations.workflow.registry import register
from recipients.models import Recipient, Service, Subscription, SubscriptionEvent

SUBSCRIBE, UNSUBSCRIBE = SubscriptionEvent.Action.SUBSCRIBE, SubscriptionEvent.Action.UNSUBSCRIBE


class ServiceField(forms.IntegerField):
    """The number of a service."""

    def describe(self, scope: Any) -> dict[str, Any]:
        services = Service.objects.order_by("label", "pk").values_list("pk", "label")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [list(row) for row in services]}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if not Service.objects.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no service %(number)s.") % {"number": number})
        return number


class SubscriptionUpdateConfig(ConfigForm):
    service = ServiceField(label=gettext_lazy("Service"))
    action = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=[(SUBSCRIBE.value, gettext_lazy("Subscribe")), (UNSUBSCRIBE.value, gettext_lazy("Unsubscribe"))],
        initial=SUBSCRIBE.value,
        help_text=gettext_lazy("Subscribe only people who asked for it: the history names this workflow."),
    )
    outbound = FlagField(
        label=gettext_lazy("Outbound transition"),
        initial=False,
        help_text=gettext_lazy("The same people go on to the next activity."),
    )


@register
class SubscriptionUpdate(ActivityType):
    code = "subscription_update"
    label = gettext_lazy("Subscription update")
    description = gettext_lazy("Subscribes the people who come in to a service, or unsubscribes them.")
    icon = "bell-plus"
    category = "actions"
    may_end_branch = True
    has_side_effects = True
    Config = SubscriptionUpdateConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out"] if config.get("outbound") else []

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        # Two runs that change one service do it one after the other.
        service = Service.objects.select_for_update().filter(pk=config["service"]).first()
        if service is None:
            raise ActivityFailed(_("There is no service %(number)s.") % {"number": config["service"]})
        inside = PopulationMember.objects.filter(population=population, recipient_id=OuterRef("pk"))
        people = Recipient.objects.order_by().filter(Exists(inside))
        change = _subscribe if config["action"] == SUBSCRIBE else _unsubscribe
        changed = change(context, service, people)
        message = MESSAGES[config["action"]]
        context.log(Sentence(message, {"label": service.label, "count": changed}))
        return Done(dict.fromkeys(self.outlets(config), population))

    def exported(self, activity: Activity) -> dict[str, Any]:
        number = activity.config["service"]
        name = Service.objects.filter(pk=number).values_list("internal_name", flat=True).first()
        return {**activity.config, "service": name or number}

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        name = str(exported.get("service"))
        number = Service.objects.filter(internal_name=name).values_list("pk", flat=True).first()
        if number is None:
            sentence = _("There is no service with the internal name “%(name)s”.") % {"name": name}
            raise InvalidConfig(sentence, fields={"service": [sentence]})
        return {**exported, "service": number}


def _subscribe(context: TaskContext, service: Service, people: QuerySet[Recipient]) -> int:
    missing = people.filter(~Exists(_subscriptions(service).filter(recipient_id=OuterRef("pk"))))
    changed = _record(context, service, missing, SUBSCRIBE)
    rows = missing.annotate(in_service=_number(service), since=_moment(context))
    columns = ["service", "recipient", "created_at"]
    insert_from_select(Subscription, columns, rows.values_list("in_service", "pk", "since"), ignore_conflicts=True)
    return changed


def _unsubscribe(context: TaskContext, service: Service, people: QuerySet[Recipient]) -> int:
    leaving = people.filter(Exists(_subscriptions(service).filter(recipient_id=OuterRef("pk"))))
    changed = _record(context, service, leaving, UNSUBSCRIBE)
    _subscriptions(service).filter(recipient_id__in=people.values("pk")).delete()
    return changed


def _record(context: TaskContext, service: Service, people: QuerySet[Recipient], action: str) -> int:
    origin = f"{context.workflow.internal_name}/{context.activity.name}"[:200]
    rows = people.annotate(
        in_service=_number(service),
        did=Value(str(action), output_field=CharField()),
        came_from=Value(origin, output_field=CharField()),
        moment=_moment(context),
    ).values_list("in_service", "pk", "did", "came_from", "moment")
    return insert_from_select(SubscriptionEvent, ["service", "recipient", "action", "origin", "at"], rows)


def _subscriptions(service: Service) -> models.QuerySet[Subscription]:
    return Subscription.objects.filter(service=service).order_by()


def _number(service: Service) -> Any:
    return Value(service.pk, output_field=BigIntegerField())


def _moment(context: TaskContext) -> Any:
    return Value(context.now, output_field=DateTimeField())


MESSAGES = {
    SUBSCRIBE.value: gettext_noop("Service “%(label)s”: %(count)d subscribed."),
    UNSUBSCRIBE.value: gettext_noop("Service “%(label)s”: %(count)d unsubscribed."),
}
