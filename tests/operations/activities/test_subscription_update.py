from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import WorkflowRun
from operations.workflow.definition import InvalidDefinition
from operations.workflow.exchange import export_document, import_document
from recipients import subscriptions
from recipients.models import Recipient, Service, Subscription, SubscriptionEvent
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    task_of,
)
from tests.operations.repetition import repeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(db: None) -> Service:
    return Service.objects.create(label="News")


def update(people: list[Recipient], service: Service, now: datetime, **config: Any) -> WorkflowRun:
    box = activity("u", "subscription_update", service=service.pk, **config)
    return run_drawing(drawing([*people_of(make_list(people)), box], "a → u"), now=now)


def subscribers(service: Service) -> list[int]:
    return sorted(service.subscriptions.values_list("recipient_id", flat=True))


def history(service: Service) -> list[tuple[int, str]]:
    return sorted(service.events.values_list("recipient_id", "action"))


def test_those_who_are_not_subscribed_are_and_the_history_says_so(service: Service, now: datetime) -> None:
    ada, bob = make_recipients(2)
    subscriptions.subscribe(service=service, recipient_id=ada.pk, origin="form", now=now)

    run = update([ada, bob], service, now)

    assert subscribers(service) == numbers([ada, bob])
    event = SubscriptionEvent.objects.get(recipient=bob)
    assert (event.action, event.at) == ("subscribe", now)
    assert event.origin == f"{run.workflow.internal_name}/u"
    assert Subscription.objects.get(recipient=bob).created_at == now
    assert SubscriptionEvent.objects.filter(recipient=ada).count() == 1
    assert run.log.filter(message="Service “News”: 1 subscribed.").exists()


def test_those_who_are_subscribed_are_unsubscribed_and_others_stay(service: Service, now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    for person in (ada, carl):
        subscriptions.subscribe(service=service, recipient_id=person.pk, origin="form", now=now)

    update([ada, bob], service, now, action="unsubscribe")

    assert subscribers(service) == [carl.pk]
    assert history(service) == [(ada.pk, "subscribe"), (ada.pk, "unsubscribe"), (carl.pk, "subscribe")]


def test_with_an_outbound_transition_the_people_go_on(service: Service, now: datetime) -> None:
    people = make_recipients(2)

    assert left_by(update(people, service, now, outbound=True), "u") == numbers(people)


def test_a_repeated_task_leaves_one_line_of_history(service: Service, now: datetime) -> None:
    run = update(make_recipients(1), service, now)

    repeat(run, "u", now=now)

    assert len(history(service)) == 1


def test_nobody_comes_in_and_nothing_changes(service: Service, now: datetime) -> None:
    run = update([], service, now)

    assert (task_of(run, "u").error, history(service)) == ("", [])


def test_an_export_names_the_service(service: Service, now: datetime) -> None:
    box = activity("u", "subscription_update", service=service.pk)
    workflow = make_workflow(drawing([*people_of(make_list()), box], "a → u"), now=now)
    exported = export_document(workflow)

    assert f"service: {service.internal_name}" in exported
    other = make_workflow(now=now)
    import_document(other, exported)
    assert other.activities.get(name="u").config["service"] == service.pk


@pytest.mark.parametrize("config", [{}, {"service": 0}, {"action": "forget"}, {"outbound": 1}])
def test_a_faulty_configuration_is_refused(config: dict[str, Any], service: Service, now: datetime) -> None:
    values = {"service": service.pk, **config} if config else {}

    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("u", "subscription_update", **values)]), now=now)


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
def test_the_number_of_statements_does_not_grow_with_the_people(action: str, service: Service, now: datetime) -> None:
    def statements(people: list[Recipient]) -> int:
        for person in people:
            if action == "unsubscribe":
                subscriptions.subscribe(service=service, recipient_id=person.pk, origin="", now=now)
        with CaptureQueriesContext(connection) as queries:
            update(people, service, now, action=action)
        return len(queries)

    few = statements(make_recipients(3))
    assert statements(make_recipients(300)) == few
