"""The stages of an analysis: their states, their failures, and what a kill leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from deliveries.counters import count_rows
from deliveries.models import (
    Broadlog,
    ContentVersion,
    Delivery,
    DeliveryPart,
    DeliveryState,
    PartState,
    Preparation,
    PreparationState,
)
from deliveries.preparation import pipeline
from deliveries.preparation.pipeline import prepare_due, run_preparation
from deliveries.preparation.request import NothingToPrepare, UnableToPrepare, request_preparation
from tests.deliveries.factories import analyse, make_delivery, make_population, make_task, reasons
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=11)


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


def kill_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The function does its work, then the process dies before the commit; the next call survives."""
    work: Callable[..., Any] = getattr(pipeline, name)
    killed: list[bool] = []

    def dying(*args: Any, **kwargs: Any) -> Any:
        answer = work(*args, **kwargs)
        if not killed:
            killed.append(True)
            raise Killed
        return answer

    monkeypatch.setattr(pipeline, name, dying)


def test_an_analysis_ends_ready_with_rows_content_and_held_parts(now: datetime) -> None:
    make_recipients(3)
    delivery = make_delivery(now)

    preparation = request_preparation(delivery=delivery, action="prepare", now=now)
    assert delivery.state == DeliveryState.TARGET_PENDING
    assert prepare_due(now) == 1

    preparation.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, preparation.state) == (DeliveryState.READY, PreparationState.READY)
    assert preparation.content_version == ContentVersion.objects.get(delivery=delivery)
    assert list(DeliveryPart.objects.values_list("state", "size")) == [(PartState.HELD, 3)]
    assert "3 people targeted, 0 ignored, 3 to deliver" in preparation.log.first().message  # type: ignore[union-attr]


def test_the_delivery_shows_what_the_analysis_is_doing(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    shown = []
    for name in ("fill", "freeze", "cut_parts"):
        work = getattr(pipeline, name)

        def spy(*args: Any, _work: Callable[..., Any] = work, **kwargs: Any) -> Any:
            shown.append(Delivery.objects.get(pk=delivery.pk).state)
            return _work(*args, **kwargs)

        monkeypatch.setattr(pipeline, name, spy)

    analyse(delivery, now=now)

    assert shown == [DeliveryState.TARGET_COUNTING, DeliveryState.MESSAGE_PREPARING, DeliveryState.MESSAGE_READY]


@pytest.mark.parametrize("stage", ["fill", "move_counts", "freeze", "cut_parts"])
def test_a_killed_analysis_goes_on_and_writes_everything_once(
    now: datetime, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    people = make_recipients(4)
    make_recipient(email="")
    delivery = make_delivery(now)
    preparation = request_preparation(delivery=delivery, action="prepare", now=now)
    kill_once(monkeypatch, stage)

    with pytest.raises(Killed):
        run_preparation(preparation=preparation, now=now)
    assert prepare_due(now) == 0
    assert prepare_due(now + LATER) == 1

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.READY
    assert [number for number, reason in reasons(delivery).items() if reason == "pending"] == [p.pk for p in people]
    assert [part.size for part in DeliveryPart.objects.all()] == [4]
    assert ContentVersion.objects.count() == 1
    counts = count_rows(delivery.pk)
    assert {name: getattr(delivery, name) for name in counts} == counts


def test_a_lost_database_leaves_the_stage_due(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    preparation = request_preparation(delivery=delivery, action="prepare", now=now)

    def lose(*args: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "freeze", lose)
        with pytest.raises(OperationalError):
            run_preparation(preparation=preparation, now=now)

    assert prepare_due(now + LATER) == 1
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.READY


def test_an_analysis_in_other_hands_is_left_alone(now: datetime) -> None:
    preparation = request_preparation(delivery=make_delivery(now), action="prepare", now=now)
    Preparation.objects.update(lease_until=now + timedelta(minutes=1))

    assert not run_preparation(preparation=preparation, now=now)
    assert prepare_due(now) == 0


def test_a_worker_whose_lease_expired_does_not_repeat_a_stage(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    preparation = request_preparation(delivery=delivery, action="prepare", now=now)
    announce = pipeline._announce

    def overtaken(slow: Preparation, stage: Any) -> None:
        monkeypatch.setattr(pipeline, "_announce", announce)
        announce(slow, stage)
        prepare_due(now + LATER)

    monkeypatch.setattr(pipeline, "_announce", overtaken)
    run_preparation(preparation=preparation, now=now)

    assert (Broadlog.objects.count(), DeliveryPart.objects.count()) == (2, 1)


def test_a_failure_takes_back_what_was_written(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_recipients(2)
    delivery = make_delivery(now)

    def fail(*args: Any) -> None:
        raise ValueError("no room for the content")

    monkeypatch.setattr(pipeline, "freeze", fail)
    preparation = analyse(delivery, now=now)

    assert (delivery.state, delivery.error) == (DeliveryState.PREPARATION_FAILED, "no room for the content")
    assert (preparation.state, preparation.error) == (PreparationState.FAILED, "no room for the content")
    assert (Broadlog.objects.count(), delivery.targeted, delivery.pending) == (0, 0, 0)
    assert preparation.log.get(level="error").message == "no room for the content"


def test_a_failed_delivery_can_be_prepared_again(now: datetime) -> None:
    make_recipients(2)
    delivery = make_delivery(now, subject="")
    analyse(delivery, now=now)
    assert delivery.state == DeliveryState.PREPARATION_FAILED
    Delivery.objects.update(subject="Hello")

    preparation = analyse(delivery, now=now)

    assert (delivery.state, delivery.error, preparation.number) == (DeliveryState.READY, "", 2)


def test_a_broken_analysis_does_not_hold_up_the_next(now: datetime) -> None:
    make_recipients(1)
    broken, sound = make_delivery(now, html="{{ recipient.shoe_size }}"), make_delivery(now)
    for delivery in (broken, sound):
        request_preparation(delivery=delivery, action="prepare", now=now)

    assert prepare_due(now) == 2

    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == [37, 45]


def test_an_estimate_counts_and_writes_nothing(now: datetime) -> None:
    make_recipients(3)
    make_recipient(email="")
    delivery = make_delivery(now, subject="", html="")

    preparation = analyse(delivery, now=now, action="estimate")

    assert (delivery.state, preparation.state) == (DeliveryState.TARGET_READY, PreparationState.ESTIMATED)
    assert (preparation.targeted, preparation.to_deliver, preparation.ignored_counts) == (
        4,
        3,
        {"address_not_specified": 1},
    )
    assert (Broadlog.objects.count(), delivery.targeted) == (0, 0)


def test_a_new_analysis_replaces_the_unconfirmed_one(now: datetime) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    first = analyse(delivery, now=now)
    make_recipient(3)

    analyse(delivery, now=now)

    first.refresh_from_db()
    assert first.state == PreparationState.CANCELLED
    assert (Broadlog.objects.count(), delivery.pending, DeliveryPart.objects.count()) == (3, 3, 1)


def test_saving_asks_for_no_analysis(now: datetime) -> None:
    with pytest.raises(NothingToPrepare):
        request_preparation(delivery=make_delivery(now), action="save", now=now)


@pytest.mark.parametrize("state", [DeliveryState.START_PENDING, DeliveryState.IN_PROGRESS, DeliveryState.FINISHED])
def test_a_confirmed_delivery_is_not_prepared_again(now: datetime, state: DeliveryState) -> None:
    delivery = make_delivery(now)
    Delivery.objects.update(state=state)

    with pytest.raises(UnableToPrepare):
        request_preparation(delivery=delivery, action="prepare", now=now)
    assert not Preparation.objects.exists()


def test_one_delivery_has_one_analysis_at_a_time(now: datetime) -> None:
    delivery = make_delivery(now)
    request_preparation(delivery=delivery, action="prepare", now=now)

    with pytest.raises(UnableToPrepare):
        request_preparation(delivery=delivery, action="prepare", now=now)


def test_a_delivery_stopped_meanwhile_gets_no_rows(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    preparation = request_preparation(delivery=delivery, action="prepare", now=now)
    fill: Callable[..., Any] = pipeline.fill  # type: ignore[attr-defined]

    def stop_meanwhile(*args: Any, **kwargs: Any) -> Any:
        Delivery.objects.update(state=DeliveryState.STOPPED)
        return fill(*args, **kwargs)

    monkeypatch.setattr(pipeline, "fill", stop_meanwhile)
    run_preparation(preparation=preparation, now=now)

    preparation.refresh_from_db()
    assert preparation.state == PreparationState.CANCELLED
    assert Broadlog.objects.count() == 0


def test_the_end_of_an_analysis_wakes_the_task_that_asked(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from operations.workflow import engine
    from tests.deliveries.factories import make_activity

    woken = []
    monkeypatch.setattr(engine, "wake", lambda task_id, now: woken.append(task_id))
    task = make_task(make_activity("email_delivery"), scheduled_for=now)
    population = make_population(task, make_recipients(1))
    delivery = make_delivery(now, target=None)
    preparation = request_preparation(delivery=delivery, action="prepare", now=now, population=population, task=task)

    run_preparation(preparation=preparation, now=now)

    assert woken == [task.pk]


@pytest.mark.parametrize(
    ("mode", "html", "state"),
    [
        ("automatic", "<p>Bye</p>", DeliveryState.START_PENDING),
        ("manual", None, DeliveryState.READY),
        ("semi_automatic", None, DeliveryState.START_PENDING),
        ("semi_automatic", "<p>Bye</p>", DeliveryState.READY),
    ],
)
def test_the_approval_mode_says_what_starts_by_itself(
    now: datetime, mode: str, html: str | None, state: DeliveryState
) -> None:
    make_recipients(1)
    values = {"approval_mode": mode, **({"html": html} if html else {})}
    delivery = make_delivery(now, **values)

    analyse(delivery, now=now, action="prepare_and_start")

    assert delivery.state == state
