"""D27: twelve histories of an address, told in days; the last line of each says how it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from recipients.models import Quarantine
from recipients.quarantine import (
    AddressFailure,
    denylist_addresses,
    record_failures,
    record_successes,
    release,
    release_after_time,
)
from recipients.vocabulary import FailureReason, FailureType

pytestmark = pytest.mark.django_db
ADDRESS = "ann@example.org"
Step = Callable[[datetime], object]


def error(type: FailureType, reason: FailureReason) -> Step:
    failure = AddressFailure("email", ADDRESS, reason, f"said {reason.label}", 7, "Birthday", type)
    return lambda now: record_failures(failures=[failure], now=now)


soft = error(FailureType.SOFT, FailureReason.UNREACHABLE)
full = error(FailureType.SOFT, FailureReason.MAILBOX_FULL)
hard = error(FailureType.HARD, FailureReason.USER_UNKNOWN)
ignored = error(FailureType.IGNORED, FailureReason.UNREACHABLE)
refused = error(FailureType.SOFT, FailureReason.REFUSED)


def success(now: datetime) -> None:
    record_successes(channel="email", addresses=[ADDRESS.upper()], now=now)


def night(now: datetime) -> None:
    release_after_time(now)


def released(now: datetime) -> None:
    release(channel="email", addresses=[ADDRESS], now=now)


def complaint(now: datetime) -> None:
    failure = AddressFailure("email", ADDRESS, FailureReason.DENYLISTED, "abuse", 7, "Birthday")
    denylist_addresses(complaints=[failure], now=now)


def allowed(now: datetime) -> None:
    Quarantine.objects.create(channel="email", address=ADDRESS, status=Quarantine.Status.ALLOWLISTED)


def daily(step: Step, times: int, start: float = 0) -> list[tuple[float, Step]]:
    return [(start + day, step) for day in range(times)]


HISTORIES: dict[str, tuple[list[tuple[float, Step]], tuple[str, int]]] = {
    "five soft errors, a day apart: with errors": (daily(soft, 5), ("with_errors", 5)),
    "the sixth quarantines": (daily(soft, 6), ("quarantined", 6)),
    "errors within one day count once": (
        [(hour / 24, soft) for hour in range(20)],
        ("with_errors", 1),
    ),
    "a day counts from the last error that counted, not from the last one": (
        [(0, soft), (0.9, soft), (1.0, soft), (1.9, soft), (2.0, soft)],
        ("with_errors", 3),
    ),
    "ten days without error, and the count begins again": (
        [*daily(soft, 5), (14.5, soft)],
        ("with_errors", 1),
    ),
    "exactly ten days are not more than ten": ([*daily(soft, 5), (14, soft)], ("quarantined", 6)),
    "the nightly task forgets errors after ten days": ([*daily(soft, 5), (13.5, night), (14.5, night)], ("valid", 0)),
    "a success clears the errors": ([*daily(soft, 5), (4.5, success), (5, soft)], ("with_errors", 1)),
    "a full mailbox leaves quarantine after thirty days, not before": (
        [*daily(full, 6), (34.9, night), (35.1, night)],
        ("valid", 0),
    ),
    "nothing else leaves quarantine by itself, nor by a success": (
        [(0, hard), (1, full), (2, success), (400, night)],
        ("quarantined", 1),
    ),
    "an address allowed by somebody never enters; ignored errors and refusals of the message never count": (
        [(0, allowed), *daily(soft, 9, start=1), (11, hard), (12, ignored), (13, refused)],
        ("allowlisted", 10),
    ),
    "a complaint stays whatever comes after it": (
        [(0, soft), (1, complaint), (2, success), (3, hard), (50, night), (51, released)],
        ("denylisted", 2),
    ),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_d27_history(history: str, now: datetime) -> None:
    steps, (status, errors) = HISTORIES[history]
    for day, step in steps:
        step(now + timedelta(days=day))

    row = Quarantine.objects.get()
    assert (Quarantine.Status(row.status).slug, row.error_count) == (status, errors)


def test_d27_a_full_mailbox_is_still_there_the_day_before(now: datetime) -> None:
    for day, step in [*daily(full, 6), (34.9, night)]:
        step(now + timedelta(days=day))

    assert Quarantine.objects.get().status == Quarantine.Status.QUARANTINED


@pytest.mark.parametrize("step", [ignored, refused, success, night, released])
def test_d27_what_never_counts_leaves_no_trace(step: Step, now: datetime) -> None:
    step(now)

    assert not Quarantine.objects.exists()


def test_d27_a_soft_error_does_not_become_the_cause_of_a_quarantine_for_good(now: datetime) -> None:
    hard(now)
    full(now + timedelta(days=2))

    row = Quarantine.objects.get()
    assert (row.failure_reason, row.error_text) == (FailureReason.USER_UNKNOWN, "said User unknown")
    assert row.last_error_at == now
