"""The page of an operation, its tabs and its dialogs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from deliveries.models import Delivery, DeliveryState
from operations import services
from operations.models import Operation, OperationState, Workflow, WorkflowState
from tests.operations.factories import EVERYONE, activity, drawing, make_operation

pytestmark = pytest.mark.django_db


def make_busy(now: datetime, workflows: int = 1) -> Operation:
    """A started operation with started workflows and a delivery whose messages wait."""
    operation = make_operation("Spring", starts_on=date(2025, 10, 1))
    services.start_operation(operation, now=now)
    tick = activity("tick", "scheduler", schedule={"crontab": "0 9 * * *"})
    for number in range(workflows):
        workflow = Workflow.objects.create(label=f"Workflow {number}", operation=operation)
        query = activity("all", "query", filter=EVERYONE)
        services.save_definition(
            workflow, drawing([tick, query, activity("end", "end")], "tick → all", "all → end"), now=now
        )
        services.start_workflow(workflow, now=now)
    Delivery.objects.create(label="Letter", operation=operation, state=DeliveryState.IN_PROGRESS, pending=1200)
    return operation


def page(client: Client, operation: Operation, tab: str = "change") -> str:
    answer = client.get(reverse(f"admin:operations_operation_{tab}", args=[operation.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("tab", ["change", "workflows", "properties", "audit", "copy"])
def test_every_tab_shows_the_operation(admin_client: Client, now: datetime, tab: str) -> None:
    assert "Spring" in page(admin_client, make_busy(now), tab)


def test_the_dashboard_names_the_workflows_and_what_they_do_next(admin_client: Client, now: datetime) -> None:
    text = page(admin_client, make_busy(now))

    assert "Workflow 0" in text
    assert "Next run" in text


def test_the_number_of_queries_does_not_grow_with_the_workflows(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    operation = make_busy(now, workflows=12)
    page(admin_client, operation)

    with django_assert_max_num_queries(40):
        page(admin_client, operation)


def test_the_cancellation_names_what_it_stops_before_it_is_done(admin_client: Client, now: datetime) -> None:
    operation = make_busy(now, workflows=2)
    url = reverse("admin:operations_operation_action", args=[operation.pk, "cancel"])

    asked = admin_client.get(url).content.decode()

    assert "2 workflows are stopped" in asked
    assert "2 schedules start nothing more" in asked
    assert "1 delivery that is not over is stopped" in asked
    assert "1,200 messages that wait are cancelled" in asked
    assert "Keep the operation" in asked
    operation.refresh_from_db()
    assert operation.state == OperationState.STARTED


def test_a_cancelled_operation_says_who_why_and_shows_it_in_the_audit(admin_client: Client, now: datetime) -> None:
    operation = make_busy(now)

    admin_client.post(
        reverse("admin:operations_operation_action", args=[operation.pk, "cancel"]), {"reason": "Wrong season"}
    )

    assert "Wrong season" in page(admin_client, operation)
    assert "Wrong season" in page(admin_client, operation, "audit")
    assert Workflow.objects.get().state == WorkflowState.FINISHED


def test_an_operation_is_added_from_a_template(admin_client: Client, now: datetime) -> None:
    template = make_operation("Model", is_template=True, duration_days=30)
    Workflow.objects.create(label="Daily", operation=template)

    admin_client.post(
        reverse("admin:operations_operation_add"),
        {"label": "Winter", "template": template.pk, "starts_on": "2025-12-01", "description": "Cold"},
    )

    made = Operation.objects.get(label="Winter")
    assert (made.copied_from, made.ends_on, made.description) == (template, date(2025, 12, 30), "Cold")
    assert Workflow.objects.filter(operation=made, label="Daily").exists()


def test_templates_are_listed_apart(admin_client: Client) -> None:
    make_operation("Real")
    make_operation("Model", is_template=True)
    url = reverse("admin:operations_operation_changelist")

    assert "Model" not in admin_client.get(url).content.decode().split("result_list")[1]
    assert "Real" not in admin_client.get(f"{url}?templates=yes").content.decode().split("result_list")[1]


def test_a_copy_is_made_on_its_page(admin_client: Client, now: datetime) -> None:
    operation = make_busy(now)

    admin_client.post(reverse("admin:operations_operation_copy", args=[operation.pk]), {"label": "Again"})

    assert Operation.objects.get(label="Again").copied_from == operation


def test_whoever_may_only_look_finds_no_command(client: Client, now: datetime) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_operation"))
    client.force_login(reader)
    operation = make_busy(now)

    assert "Cancel the operation" not in page(client, operation)
    assert client.post(reverse("admin:operations_operation_action", args=[operation.pk, "cancel"])).status_code == 403


@pytest.mark.parametrize("query", ["", "?view=week", "?day=2025-10-06", "?day=nonsense&program=x", "?day=9999-12-31"])
def test_the_calendar_shows_any_month_or_week(admin_client: Client, now: datetime, query: str) -> None:
    make_busy(now)

    answer = admin_client.get(reverse("admin:operations_operation_calendar") + query)

    assert answer.status_code == 200
    assert "calendar" in answer.content.decode()
