"""Outlines: their pieces go with the people, and messages show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from deliveries.models import DeliveryOutline
from operations.models import Operation, Population, WorkflowRun
from operations.workflow import added_data
from operations.workflow.definition import InvalidDefinition
from operations.workflow.exchange import export_document, import_document
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_operation,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    task_of,
)

pytestmark = pytest.mark.django_db
ITEMS = [{"name": "offer", "label": "Offer", "value": "10 % off"}, {"name": "gift", "label": "Gift", "value": "A mug"}]


def make_outline(operation: Operation, **values: Any) -> DeliveryOutline:
    return DeliveryOutline.objects.create(**{"label": "Spring", "operation": operation, "items": ITEMS, **values})


def outlined(outline: DeliveryOutline, people: Any, **config: Any) -> dict[str, Any]:
    given = activity("o", "delivery_outline", outline=outline.pk, **config)
    return drawing([*people_of(make_list(people)), given, activity("end", "end")], "a → o", "o → end")


def run_outline(outline: DeliveryOutline, people: Any, now: datetime, **config: Any) -> WorkflowRun:
    return run_drawing(outlined(outline, people, **config), now=now, operation=outline.operation)


def data(run: WorkflowRun, people: Any) -> Any:
    population = Population.objects.get(pk=task_of(run, "o").memo["fired"]["out"])
    return added_data.values_for(population, numbers(people))


def test_everybody_gets_the_pieces(now: datetime) -> None:
    people = make_recipients(2)
    run = run_outline(make_outline(make_operation()), people, now)

    assert left_by(run, "o") == numbers(people)
    assert data(run, people) == {person.pk: {"offer": "10 % off", "gift": "A mug"} for person in people}


def test_the_planned_date_is_that_of_the_activity_or_else_of_the_outline(now: datetime) -> None:
    (ada,) = people = make_recipients(1)
    outline = make_outline(make_operation(), planned_contact_date=datetime(2025, 12, 1, 8, tzinfo=UTC))

    own = data(run_outline(outline, people, now), people)[ada.pk]
    other = data(run_outline(outline, people, now, planned_contact_date="2025-12-24T09:00"), people)[ada.pk]

    assert own["planned_contact_date"] == "2025-12-01T09:00:00+01:00"
    assert other["planned_contact_date"] == "2025-12-24T09:00:00+01:00"


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    outline = make_outline(make_operation())

    def statements(count: int) -> int:
        people = make_recipients(count)
        with CaptureQueriesContext(connection) as queries:
            run_outline(outline, people, now)
        return len(queries)

    few = statements(3)

    assert statements(300) <= few


def test_an_outline_that_is_gone_fails_the_task(now: datetime) -> None:
    outline = make_outline(make_operation(), items=[])

    assert "is gone or empty" in run_outline(outline, make_recipients(1), now).error


def test_only_an_outline_of_the_operation_will_do(now: datetime) -> None:
    outline = make_outline(make_operation("Other"))

    with pytest.raises(InvalidDefinition, match="has no outline"):
        make_workflow(outlined(outline, []), now=now, operation=make_operation())
    with pytest.raises(InvalidDefinition, match="needs_operation"):
        make_workflow(outlined(outline, []), now=now)
    with pytest.raises(InvalidDefinition, match="planned_contact_date"):
        make_workflow(outlined(outline, [], planned_contact_date="soon"), now=now, operation=outline.operation)


def test_it_travels_by_internal_name(now: datetime) -> None:
    outline = make_outline(make_operation(), internal_name="spring-offer")
    text = export_document(make_workflow(outlined(outline, []), now=now, operation=outline.operation))
    copy = make_workflow(now=now, operation=outline.operation)

    import_document(copy, text)

    assert "outline: spring-offer" in text
    assert copy.activities.get(name="o").config["outline"] == outline.pk


def test_people_write_the_pieces_line_by_line() -> None:
    User.objects.create_superuser("ada", password="x")
    client = Client()
    client.force_login(User.objects.get())
    form = {"label": "Spring", "operation": make_operation().pk, "pieces": "offer = 10 % off\ngift = A = B\n"}

    answer = client.post("/admin/deliveries/deliveryoutline/add/", form)

    outline = DeliveryOutline.objects.get()
    assert answer.status_code == 302
    assert [(item["name"], item["value"]) for item in outline.items] == [("offer", "10 % off"), ("gift", "A = B")]
    page = client.get(f"/admin/deliveries/deliveryoutline/{outline.pk}/change/").content.decode()
    assert "gift = A = B" in page
    for pieces in ("offer", "bad name = 1", "a = 1\na = 2", "planned_contact_date = 1"):
        refused = client.post("/admin/deliveries/deliveryoutline/add/", {**form, "pieces": pieces})
        assert refused.status_code == 200


def test_the_api_checks_the_pieces() -> None:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("ada"))
    document = {"label": "Spring", "operation": make_operation().pk, "items": ITEMS}

    assert client.post("/api/v1/delivery-outlines/", document).status_code == 201
    assert client.post("/api/v1/delivery-outlines/", {**document, "items": [{"name": "a b"}]}).status_code == 400
    assert client.post("/api/v1/delivery-outlines/", {**document, "items": []}).status_code == 400
