"""A welcome series: one delivery that grows with each run, and keeps what it once said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries import ledger
from deliveries.models import (
    Broadlog,
    ContentVersion,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DeliveryTemplate,
    MessageStatus,
    Preparation,
    TrackedUrl,
)
from operations.models import Workflow, WorkflowRun
from tests.deliveries.factories import make_template
from tests.factories import make_recipient
from tests.flows.series import HTML, pump, scheduler, send, start_line
from tests.operations.factories import EVERYONE, activity

pytestmark = pytest.mark.django_db
RUNS = 5
FIRST = datetime(2025, 10, 6, 6, 0, tzinfo=UTC)
OLD, NEW = "Welcome {{ recipient.first_name }}", "Nice to see you {{ recipient.first_name }}"


def start(query: str, **config: str) -> Workflow:
    """Every day at eight in Paris."""
    template = make_template(label="Welcome", subject=OLD, html=HTML)
    return start_line(
        scheduler("0 8 * * *"),
        activity("who", query, filter=EVERYONE),
        activity("mail", "continuous_delivery", template=template.pk, **config),
        now=FIRST - timedelta(hours=1),
    )


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number - 1)


def run_day(workflow: Workflow, number: int, *, newcomers: int = 0) -> Delivery:
    """New people come, the run of this day targets and analyses, and what is due leaves."""
    already = Broadlog.objects.count()
    for place in range(newcomers):
        make_recipient(number * 100 + place + already * 1000)
    pump(workflow, day(number))
    delivery = Delivery.objects.get()
    send(delivery, day(number) + timedelta(minutes=5))
    return delivery


def edit_template(subject: str, url: str) -> None:
    template = DeliveryTemplate.objects.get()
    template.subject = subject
    template.html = HTML.replace("https://www.example.com/gift", url)
    template.save()


def test_five_runs_with_new_people_feed_one_delivery() -> None:
    workflow = start("incremental_query")

    for number in range(1, RUNS + 1):
        run_day(workflow, number, newcomers=number)

    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.state) == (DeliveryKind.CONTINUOUS, DeliveryState.FINISHED)
    assert (delivery.targeted, delivery.sent) == (15, 15)
    preparations = list(Preparation.objects.order_by("number"))
    assert [preparation.targeted for preparation in preparations] == [1, 2, 3, 4, 5]
    runs = list(WorkflowRun.objects.order_by("scheduled_for"))
    assert [preparation.workflow_run for preparation in preparations] == runs
    for number, preparation in enumerate(preparations, start=1):
        rows = Broadlog.objects.filter(preparation=preparation)
        assert set(rows.values_list("delivery", "status")) == {(delivery.pk, MessageStatus.SENT)}
        assert rows.count() == number
    assert ContentVersion.objects.count() == 1
    assert ledger.check().ok


def test_edited_content_is_a_new_version_that_only_later_runs_send() -> None:
    workflow = start("incremental_query")
    for number in (1, 2):
        run_day(workflow, number, newcomers=1)
    edit_template(NEW, "https://www.example.com/other")

    for number in (3, 4, 5):
        run_day(workflow, number, newcomers=1)

    assert Delivery.objects.count() == 1
    rows = Broadlog.objects.order_by("pk")
    subjects = list(rows.values_list("preparation__content_version__subject", flat=True))
    assert subjects == [OLD, OLD, NEW, NEW, NEW]
    versions = list(ContentVersion.objects.order_by("number"))
    assert [version.number for version in versions] == [1, 2]
    links = [
        set(TrackedUrl.objects.filter(content_version=version).values_list("url", flat=True)) for version in versions
    ]
    assert ["https://www.example.com/gift" in urls for urls in links] == [True, False]
    assert ["https://www.example.com/other" in urls for urls in links] == [False, True]


def test_content_that_was_put_back_is_the_version_that_it_was() -> None:
    workflow = start("incremental_query")
    for number, subject in enumerate((OLD, NEW, OLD), start=1):
        edit_template(subject, "https://www.example.com/gift")
        run_day(workflow, number, newcomers=1)

    numbers = Preparation.objects.order_by("number").values_list("content_version__number", flat=True)
    assert list(numbers) == [1, 2, 1]


def test_people_already_in_the_delivery_get_no_row_and_are_counted_apart() -> None:
    workflow = start("query")

    for number in (1, 2, 3):
        delivery = run_day(workflow, number, newcomers=2)

    counted = Preparation.objects.order_by("number").values_list("targeted", "already_in_delivery")
    assert list(counted) == [(2, 0), (2, 2), (2, 4)]
    assert (delivery.targeted, delivery.sent) == (6, 6)
    addresses = list(Broadlog.objects.values_list("address", flat=True))
    assert len(addresses) == len(set(addresses)) == 6
    assert ledger.check().ok


def test_send_again_writes_to_everybody_in_each_run() -> None:
    workflow = start("query", already_in_delivery="send_again")

    for number in (1, 2, 3):
        delivery = run_day(workflow, number, newcomers=1)

    assert list(Preparation.objects.order_by("number").values_list("targeted", flat=True)) == [1, 2, 3]
    assert (delivery.targeted, delivery.sent) == (6, 6)
    assert ledger.check().ok


def test_a_finished_delivery_is_fed_again_and_finishes_again() -> None:
    workflow = start("incremental_query")
    first_end = run_day(workflow, 1, newcomers=1).ended_at

    make_recipient(7)
    pump(workflow, day(2))
    fed = Delivery.objects.get()
    assert (fed.state, fed.pending, fed.ended_at) == (DeliveryState.IN_PROGRESS, 1, None)
    send(fed, day(2) + timedelta(minutes=5))

    assert (fed.state, fed.sent) == (DeliveryState.FINISHED, 2)
    assert first_end is not None
    assert fed.ended_at is not None
    assert fed.ended_at > first_end


def test_a_day_without_new_people_asks_for_no_analysis() -> None:
    workflow = start("incremental_query")
    run_day(workflow, 1, newcomers=1)

    run_day(workflow, 2)

    assert WorkflowRun.objects.count() == 2
    assert Preparation.objects.count() == 1
    assert Delivery.objects.get().state == DeliveryState.FINISHED
