"""Change dimension: from the people who come in to the people who share something with them.

They share the value of a field (`attributes.household`: everybody of the household), or that of a field of another
table (`contracts`, `number`: everybody with a row of the same contract). "One" keeps, of those who share the value of
the field, the first in an order. Who lacks the value shares it with nobody, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from operations.models import Population, PopulationMember
from operations.workflow import populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import RecipientField, check_recipient_field, recipient_operand
from operations.workflow.registry import register
from recipients.criteria import RelatedModel, related_models
from recipients.filters import FilterError
from recipients.filters.fields import model_fields
from recipients.filters.lookups import is_missing
from recipients.models import Recipient

ALL, ONE = "all", "one"


class RelatedField(forms.CharField):
    """The name of a registered table, or nothing."""

    def describe(self, scope: Any) -> dict[str, Any]:
        tables = [[name, str(related_models.get(name).label)] for name in related_models.codes()]
        return {"editor": "choice", "choices": [["", _("None: a field of recipients")], *tables]}


class SharedField(forms.CharField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "field", "fresh": "last_name"}


class ChangeDimensionConfig(ConfigForm):
    related = RelatedField(
        label=gettext_lazy("Table"),
        required=False,
        help_text=gettext_lazy("Where the shared field is, if it is not one of recipients."),
    )
    by = SharedField(
        label=gettext_lazy("Shared field"),
        help_text=gettext_lazy("Everybody with the same value as somebody who comes in, such as a household."),
    )
    keep = forms.ChoiceField(
        label=gettext_lazy("Keep"),
        choices=[(ALL, gettext_lazy("All who share the value")), (ONE, gettext_lazy("One person for each value"))],
        initial=ALL,
    )
    order_by = RecipientField(
        label=gettext_lazy("In the order of"),
        initial="id",
        help_text=gettext_lazy("Which one is kept: the first in this order."),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        related, name = values.get("related"), values.get("by")
        if not name:
            return values
        if not related:
            check_recipient_field(name)
        elif related not in related_models:
            self.add_error("related", _("There is no table “%(name)s”.") % {"name": related})
        else:
            self._check_related(related, name)
        return values

    def _check_related(self, related: str, name: str) -> None:
        try:
            model_fields(related_models.get(related).model).get(name, ())
        except FilterError as error:
            self.add_error("by", str(error))
        if self.cleaned_data.get("keep") == ONE:
            self.add_error("keep", _("One person for each value needs a field of recipients: several rows may differ."))


@register
class ChangeDimension(ActivityType):
    code = "change_dimension"
    label = gettext_lazy("Change dimension")
    description = gettext_lazy("Goes from people to those who share something with them, such as a household.")
    icon = "users-round"
    Config = ChangeDimensionConfig

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        people = _sharing(population, config)
        if config["keep"] == ONE:
            rows = populations.first_among(people, by=[config["by"]], order_by=config["order_by"], descending=False)
        else:
            rows = people.values_list("pk")
        found = populations.store(context.task, "out", rows)
        numbers = {"before": population.count, "after": found.count}
        context.log(Sentence(gettext_noop("From %(before)d to %(after)d people."), numbers))
        return Done({"out": found})


def _sharing(population: Population, config: Mapping[str, Any]) -> QuerySet[Recipient]:
    if config.get("related"):
        return _through(_table(config["related"]), config["by"], population)
    missing = is_missing(recipient_operand(config["by"]))
    key = populations.key_of(config["by"])
    inside = PopulationMember.objects.filter(population=population, recipient_id=OuterRef("pk"))
    theirs = Recipient.objects.order_by().filter(Exists(inside)).exclude(missing).values_list(key)
    sharing = Recipient.objects.order_by().alias(shared=key).filter(~missing, shared__in=theirs)
    alone = Recipient.objects.order_by().filter(missing, Exists(inside))
    return Recipient.objects.order_by().filter(pk__in=sharing.values("pk").union(alone.values("pk"), all=True))


def _through(related: RelatedModel, name: str, population: Population) -> QuerySet[Recipient]:
    column = model_fields(related.model).columns[name].column
    members = PopulationMember.objects.filter(population=population)
    rows = related.model._default_manager.order_by().exclude(**{f"{column}__isnull": True})
    theirs = rows.filter(**{f"{related.path}__in": members.values("recipient_id")}).values(column)
    sharing = rows.filter(**{f"{column}__in": theirs}).annotate(person=F(related.path)).values("person")
    reached = Recipient.objects.order_by().filter(pk__in=sharing)
    stay = Recipient.objects.order_by().filter(pk__in=members.values("recipient_id"))
    return Recipient.objects.order_by().filter(pk__in=reached.values("pk").union(stay.values("pk")))


def _table(name: str) -> RelatedModel:
    if name not in related_models:
        raise ActivityFailed(_("There is no table “%(name)s”.") % {"name": name})
    return related_models.get(name)
