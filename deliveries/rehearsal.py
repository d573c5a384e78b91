"""What a delivery activity would do: whom its analysis would keep and why it would drop the others. Nothing is made."""

from __future__ import annotations

from typing import Any

from django.db import connection

from common.sql import execute
from deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliveryTemplate,
    Preparation,
    RequestedAction,
)
from deliveries.preparation.population import SKIP
from deliveries.preparation.screening import judge
from deliveries.preparation.target import estimate
from deliveries.templates import copy_fields
from deliveries.typology.registry import run_controls
from operations.models import Population, PopulationMember
from operations.workflow import populations
from operations.workflow.base import Done, Outcome, TaskContext

FRESH = "fresh"


def rehearse_delivery(context: TaskContext, *, template: DeliveryTemplate, label: str, kind: str) -> Outcome:
    """Passes on who would get the message, and notes `delivery`: `{"label", "kind", "targeted", "to_deliver",
    "ignored": {reason: people}, "already_in_delivery", "warnings": [texts]}`."""
    population = context.required_population()
    if not population.count:
        context.note(delivery=None)
        return Done()
    if context.config["action"] == RequestedAction.SAVE:
        context.note(delivery=_said(label, kind, targeted=population.count))
        return Done({"out": population})
    people = _without_those_simulated(context, population) if _skips(context, kind) else population
    preparation = Preparation(
        delivery=_delivery(context, template, kind), population=people, number=2, requested_at=context.now
    )
    counts = estimate(preparation)
    context.note(
        population=people.pk,
        delivery=_said(
            label,
            kind,
            targeted=counts.targeted,
            to_deliver=counts.targeted - counts.ignored,
            ignored=counts.ignored_counts,
            already_in_delivery=population.count - counts.targeted,
            warnings=[str(found.message) for found in _findings(preparation)],
        ),
    )
    return Done({"out": people if not counts.ignored and people is population else _keep(context, preparation)})


def _said(label: str, kind: str, **values: Any) -> dict[str, Any]:
    absent = {"to_deliver": 0, "ignored": {}, "already_in_delivery": 0, "warnings": []}
    return {"label": label, "kind": kind, **absent, **values}


def _skips(context: TaskContext, kind: str) -> bool:
    return kind == DeliveryKind.CONTINUOUS and context.config.get("already_in_delivery", SKIP) == SKIP


def _delivery(context: TaskContext, template: DeliveryTemplate, kind: str) -> Delivery:
    """The continuous delivery that there is, or one that is only thought of: neither is written."""
    if kind == DeliveryKind.CONTINUOUS:
        made = Delivery.objects.filter(activity=context.drawn_activity, kind=kind).order_by("-pk").first()
        if made is not None:
            return made
    delivery = Delivery(kind=kind, activity=context.drawn_activity)
    copy_fields(template, delivery)
    return delivery


def _without_those_simulated(context: TaskContext, population: Population) -> Population:
    """Less those whom the simulated runs before this one would have added."""
    earlier = context.activity.tasks.exclude(pk=context.task.pk).values_list("memo", flat=True)
    numbers = [memo["rehearsal"]["population"] for memo in earlier if "population" in memo.get("rehearsal", {})]
    if not numbers:
        return population
    served = list(Population.objects.filter(pk__in=numbers))
    return populations.store(context.task, FRESH, populations.exclusion([population], served))


def _findings(preparation: Preparation) -> list[Any]:
    return list(run_controls(preparation.delivery, preparation, after_targeting=False))


def _keep(context: TaskContext, preparation: Preparation) -> Population:
    judged = judge(preparation)
    kept = Population.objects.create(task=context.task, outlet="out")
    table = connection.ops.quote_name(PopulationMember._meta.db_table)
    kept.count = execute(
        f"INSERT INTO {table} (population_id, recipient_id) "
        f"SELECT {int(kept.pk)}, judged.id FROM ({judged.sql}) AS judged WHERE judged.reason IS NULL",
        judged.parameters,
    )
    Population.objects.filter(pk=kept.pk).update(count=kept.count)
    return kept
