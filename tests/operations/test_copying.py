"""Copies of operations, and operations made from templates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from deliveries.models import DeliveryTemplate
from operations import services
from operations.copying import NotATemplate, copy_operation, create_from_template
from operations.models import Operation, OperationState, Workflow, WorkflowRun, WorkflowState
from operations.services import IsTemplate
from operations.workflow.definition import read_definition
from tests.deliveries.factories import make_template
from tests.operations.factories import EVERYONE, activity, drawing, make_operation

pytestmark = pytest.mark.django_db


def make_source(now: datetime, **values: Any) -> Operation:
    """An operation with one workflow, started, whose delivery activity has content of its own."""
    operation = make_operation("Birthdays", **values)
    workflow = Workflow.objects.create(label="Daily", operation=operation, time_zone="Europe/Paris")
    nodes = [
        activity("tick", "scheduler", schedule={"crontab": "0 9 * * *"}),
        activity("all", "query", filter=EVERYONE),
        activity("mail", "recurring_delivery", template=make_template().pk),
    ]
    services.save_definition(workflow, drawing(nodes, "tick → all", "all → mail"), now=now)
    DeliveryTemplate.objects.filter(activity__workflow=workflow).update(subject="Changed here")
    if not operation.is_template:
        services.start_workflow(workflow, now=now)
    return operation


def test_a_copy_has_the_workflows_and_their_contents_and_is_being_edited(now: datetime) -> None:
    source = make_source(now)
    ada = User.objects.create(username="ada")

    copy = copy_operation(source=source, label="Next year", by=ada)

    workflow = Workflow.objects.get(operation=copy)
    original = Workflow.objects.get(operation=source)
    assert (copy.state, copy.owner, copy.copied_from) == (OperationState.EDITED, ada, source)
    assert (workflow.label, workflow.state, workflow.time_zone) == ("Daily", WorkflowState.EDITED, "Europe/Paris")
    assert read_definition(workflow)["transitions"] == read_definition(original)["transitions"]
    assert DeliveryTemplate.objects.get(activity__workflow=workflow).subject == "Changed here"
    assert not WorkflowRun.objects.filter(workflow=workflow).exists()


def test_a_change_of_the_copy_leaves_the_source_alone(now: datetime) -> None:
    source = make_source(now)
    copy = copy_operation(source=source, label="Next year", by=None)

    DeliveryTemplate.objects.filter(activity__workflow__operation=copy).update(subject="New")

    assert DeliveryTemplate.objects.get(activity__workflow__operation=source).subject == "Changed here"


@pytest.mark.parametrize(
    ("period", "duration", "starts_on", "expected"),
    [
        ((None, None), None, None, (None, None)),
        ((date(2026, 1, 1), date(2026, 1, 31)), None, date(2026, 3, 1), (date(2026, 3, 1), date(2026, 3, 31))),
        ((None, None), 10, date(2026, 3, 1), (date(2026, 3, 1), date(2026, 3, 10))),
        ((date(2026, 1, 1), None), None, None, (date(2026, 1, 1), None)),
    ],
)
def test_the_period_moves_with_the_start(
    period: tuple[date | None, date | None],
    duration: int | None,
    starts_on: date | None,
    expected: tuple[date | None, date | None],
) -> None:
    source = make_operation(starts_on=period[0], ends_on=period[1], duration_days=duration)

    copy = copy_operation(source=source, label="Copy", by=None, starts_on=starts_on)

    assert (copy.starts_on, copy.ends_on) == expected


def test_a_template_is_never_started_and_makes_operations(now: datetime) -> None:
    template = make_source(now, is_template=True, duration_days=7)

    with pytest.raises(IsTemplate, match="is a template"):
        services.start_operation(template, now=now)
    made = create_from_template(template=template, label="Spring", by=None, starts_on=date(2026, 3, 1))

    assert (made.is_template, made.ends_on) == (False, date(2026, 3, 7))
    assert Workflow.objects.filter(operation=made).count() == 1


def test_only_a_template_makes_operations() -> None:
    with pytest.raises(NotATemplate, match="not a template"):
        create_from_template(template=make_operation(), label="Spring", by=None)


def test_the_api_copies_and_keeps_the_reason_of_a_cancellation(now: datetime) -> None:
    source = make_source(now)
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("ada"))

    copied = client.post(f"/api/v1/operations/{source.pk}/copy/", {"label": "Next year"})
    client.post(f"/api/v1/operations/{source.pk}/cancel/", {"reason": "Given up"})

    assert copied.status_code == 201
    assert copied.json()["copied_from"] == source.pk
    source.refresh_from_db()
    assert source.cancelled_by is not None
    assert (source.state, source.cancel_reason) == (OperationState.CANCELLED, "Given up")
    assert Operation.objects.get(pk=copied.json()["id"]).state == OperationState.EDITED
