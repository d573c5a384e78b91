"""The way of one person to one delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.explain import explain_recipient, explainers
from deliveries.models import Broadlog, Delivery, MessageStatus
from operations.explain import Step
from recipients.vocabulary import FailureReason
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.deliveries.rows import make_ready, make_started, record, rows_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def outcomes(delivery: Delivery, recipient_id: int) -> list[tuple[str, str, str]]:
    steps = explain_recipient(delivery, recipient_id)
    return [(step.where, step.outcome, step.reason) for step in steps if step.where.startswith(("Anal", "Deliv"))]


def test_who_got_the_message_was_kept_and_sent(now: datetime) -> None:
    delivery = make_started(now, people=1)
    (row,) = rows_of(delivery)
    record([row], MessageStatus.SENT, now)

    assert outcomes(delivery, row.recipient_id or 0) == [("Analysis 1", "kept", ""), ("Delivery log", "Sent", "")]


def test_who_was_excluded_is_told_by_which_rule(now: datetime) -> None:
    person = make_recipient(1, denylist_email=True)
    delivery = make_ready(now)

    assert outcomes(delivery, person.pk) == [("Analysis 1", "excluded", "Denylisted address")]


def test_a_failure_is_told_with_its_attempts_and_the_reply(now: datetime) -> None:
    delivery = make_started(now, people=1)
    (row,) = rows_of(delivery)
    record([row], MessageStatus.FAILED, now, failure_reason=FailureReason.USER_UNKNOWN, failure_detail="550 no")
    Broadlog.objects.update(attempts=2)

    assert outcomes(delivery, row.recipient_id or 0)[-1] == (
        "Delivery log",
        "Failed",
        "2 attempts – User unknown – 550 no",
    )


def test_who_came_later_was_not_in_the_target(now: datetime) -> None:
    delivery = make_ready(now)
    late = make_recipient(99)

    assert outcomes(delivery, late.pk) == [("Analysis 1", "not in the target", "")]


def test_exclusions_kept_as_counts_are_said_to_be_so(now: datetime) -> None:
    person = make_recipient(1, denylist_email=True)
    delivery = make_delivery(now, keep_ignored=False)
    analyse(delivery, now=now)

    ((where, outcome, reason),) = outcomes(delivery, person.pk)
    assert (where, outcome) == ("Analysis 1", "no message")
    assert "counts only" in reason


def test_a_delivery_without_analysis_says_so(now: datetime) -> None:
    delivery = make_delivery(now)

    assert outcomes(delivery, make_recipient(1).pk) == [("Analysis", "not analysed yet", "")]


def test_a_continuous_delivery_tells_why_a_later_run_wrote_no_second_time(now: datetime) -> None:
    people = make_recipients(2)
    activity = make_activity("continuous_delivery", action="prepare")
    run_once(activity, people[:1], now=now)
    delivery = run_once(activity, people, now=now + timedelta(days=1))

    told = outcomes(delivery, people[0].pk)
    assert told[0] == ("Analysis 1", "kept", "")
    assert ("Analysis 2", "not added again", "already in the delivery from an earlier run") in told
    assert outcomes(delivery, people[1].pk)[0] == ("Analysis 2", "kept", "")


def test_apps_downstream_add_what_came_back(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = make_ready(now, people=1)
    (row,) = rows_of(delivery)
    opened = Step(at=now, where="Tracking", outcome="opened", reason="")
    monkeypatch.setitem(explainers._entries, "test", lambda delivery, recipient_id: [opened])

    assert explain_recipient(delivery, row.recipient_id or 0)[-1] == opened
