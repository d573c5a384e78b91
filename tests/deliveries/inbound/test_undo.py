from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from deliveries.inbound.applying import apply_mails
from deliveries.inbound.undo import Found, InvalidOutage, Outage, preview, undo_outage
from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundMail
from recipients.models import Quarantine
from recipients.quarantine import AddressFailure, record_failures
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.inbound.mails import (
    SOFT,
    bounce,
    complaint,
    in_quarantine,
    mails,
    make_sent,
    messages_of,
    statuses,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TEXT = "550 5.1.1 mailbox unavailable"


def outage(now: datetime, **values: Any) -> Outage:
    return Outage(
        **{"since": now - HOUR, "until": now + HOUR, "domain": "example.com", "text": "unavailable", **values}
    )


def refused(address: str, now: datetime, *, text: str = TEXT, type: FailureType = FailureType.HARD) -> None:
    failure = AddressFailure("email", address, FailureReason.USER_UNKNOWN, text, 1, "Birthday", type)
    record_failures(failures=[failure], now=now)


def test_what_bounces_and_refusals_did_to_addresses_is_taken_back(now: datetime) -> None:
    delivery = make_sent(now)
    first, second, _third = messages_of(delivery)
    refused(second.address, now - timedelta(days=2), type=FailureType.SOFT, text="busy")
    apply_mails(mails(bounce(first, detail=TEXT), bounce(second, detail=TEXT)), now=now)
    refused("sync@example.com", now)

    found = preview(outage(now))
    undone = undo_outage(outage(now), now=now + HOUR)

    assert (found.addresses, found.mails, found.answers) == (3, 2, [(TEXT, 3)])
    assert (undone.addresses, undone.mails) == (3, 2)
    assert in_quarantine() == {first.address: "valid", second.address: "with_errors", "sync@example.com": "valid"}
    row = Quarantine.objects.get(address=second.address)
    assert (row.error_count, row.error_text, row.last_significant_at) == (1, "busy", now - timedelta(days=2))
    assert {mail.outcome for mail in InboundMail.objects.all()} == {InboundMail.Outcome.UNDONE}
    # They were not delivered, whoever's fault it was.
    assert statuses(delivery) == [MessageStatus.FAILED, MessageStatus.FAILED, MessageStatus.SENT]


@pytest.mark.parametrize(
    "values",
    [
        {"domain": "example.org"},
        {"domain": "ample.com"},
        {"text": "no such user"},
        {"until": timedelta(0)},
        {"since": timedelta(minutes=1)},
    ],
)
def test_another_domain_text_or_time_is_left_alone(values: dict[str, Any], now: datetime) -> None:
    refused("ann@example.com", now)
    named = {name: now + value if isinstance(value, timedelta) else value for name, value in values.items()}

    assert undo_outage(outage(now, **named), now=now).addresses == 0
    assert in_quarantine() == {"ann@example.com": "quarantined"}


def test_an_address_that_failed_otherwise_since_then_stays_in_quarantine(now: datetime) -> None:
    refused("ann@example.com", now)
    refused("ann@example.com", now + 2 * HOUR, text="550 5.1.1 no such user")

    assert undo_outage(outage(now), now=now).addresses == 0
    assert in_quarantine() == {"ann@example.com": "quarantined"}


def test_who_was_in_quarantine_before_and_who_complained_stays(now: datetime) -> None:
    delivery = make_sent(now)
    first, second, _third = messages_of(delivery)
    refused(first.address, now - timedelta(days=30), text="550 5.1.1 no such user")
    apply_mails(mails(bounce(first, detail=TEXT), bounce(second, detail=TEXT), complaint(second)), now=now)

    undo_outage(outage(now), now=now)

    assert in_quarantine() == {first.address: "quarantined", second.address: "denylisted"}
    assert Quarantine.objects.get(address=first.address).error_text == "550 5.1.1 no such user"


def test_soft_errors_are_taken_back_too_and_a_second_undo_finds_nothing(now: datetime) -> None:
    delivery = make_sent(now)
    apply_mails(mails(bounce(messages_of(delivery)[0], SOFT, detail=TEXT)), now=now)

    assert undo_outage(outage(now, domain=""), now=now).addresses == 1
    assert undo_outage(outage(now), now=now) == Found(0, 0)
    assert set(in_quarantine().values()) == {"valid"}


def test_an_outage_has_an_end_and_a_domain_or_words(now: datetime) -> None:
    with pytest.raises(InvalidOutage, match="end after"):
        outage(now, until=now - HOUR)
    with pytest.raises(InvalidOutage, match="Name the domain"):
        outage(now, domain=" ", text="")
