from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries.inbound.applying import apply_mails
from deliveries.inbound.cases import ReadMail
from deliveries.inbound.reading.verdict import Kind
from deliveries.models import MessageStatus
from deliveries.models.inbound import BounceRule, InboundMail
from recipients.models import Quarantine
from recipients.quarantine import address_key
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.inbound.mails import (
    HARD,
    SOFT,
    bounce,
    complaint,
    counters_agree,
    in_quarantine,
    mails,
    make_sent,
    messages_of,
    statuses,
    unsubscription,
)
from tracking.models import HitKind, TrackingLog

pytestmark = pytest.mark.django_db
SENT, FAILED = MessageStatus.SENT, MessageStatus.FAILED


def test_a_hard_bounce_fails_its_message_days_later_and_quarantines_its_address(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[1]
    later = now + timedelta(days=6)

    found = apply_mails(mails(bounce(row)), now=later)

    assert found == {"applied": 1}
    assert statuses(delivery) == [SENT, FAILED, SENT]
    row.refresh_from_db()
    assert (row.failure_type, row.failure_reason, row.failure_detail) == (*HARD, "550 5.1.1 no such user")
    assert row.updated_at == later
    assert in_quarantine() == {row.address: "quarantined"}
    assert counters_agree(delivery)
    assert (delivery.sent, delivery.failed) == (2, 1)


def test_what_became_of_a_mail_is_kept(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]
    rule = BounceRule.objects.create(name="No such user", pattern="no such user")
    reading = bounce(row)
    named = replace(reading, recipients=(replace(reading.recipients[0], rule=rule.name),))

    apply_mails(mails(named), now=now)

    mail = InboundMail.objects.get()
    assert (mail.key, mail.kind, mail.outcome) == ("mail-0", "bounce", "applied")
    assert (mail.broadlog_id, mail.delivery_id, mail.address) == (row.pk, delivery.pk, row.address)
    assert (mail.domain, mail.status, mail.detail) == ("example.com", "5.1.1", "550 5.1.1 no such user")
    assert (mail.failure_type, mail.failure_reason, mail.rule) == (*HARD, rule)
    assert mail.quarantine_before == {"channel": "email", "address": row.address, "state": None}
    rule.refresh_from_db()
    assert rule.hits == 1


def test_the_same_mail_twice_counts_once_in_one_batch_and_in_two(now: datetime) -> None:
    delivery = make_sent(now)
    mail = ReadMail("same", bounce(messages_of(delivery)[0], SOFT))

    first = apply_mails([mail, mail], now=now)
    second = apply_mails([mail], now=now + timedelta(days=2))

    assert (first, second) == ({"applied": 1}, {})
    assert Quarantine.objects.get().error_count == 1
    assert InboundMail.objects.count() == 1


def test_two_reports_of_one_failure_count_once(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    found = apply_mails(mails(bounce(row), bounce(row, detail="again")), now=now)
    later = apply_mails(mails(bounce(row, detail="and again"), prefix="later"), now=now + timedelta(days=2))

    assert found == {"applied": 1, "no_effect": 1}
    assert later == {"no_effect": 1}
    assert Quarantine.objects.get().error_count == 1
    assert counters_agree(delivery)


def test_a_soft_bounce_fails_the_message_and_counts_one_error_of_its_address(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    apply_mails(mails(bounce(row, SOFT, detail="mailbox full")), now=now)

    row.refresh_from_db()
    assert (row.status, row.failure_type, row.failure_reason, row.failure_detail) == (FAILED, *SOFT, "mailbox full")
    assert in_quarantine() == {row.address: "with_errors"}
    assert counters_agree(delivery)


def test_the_sixth_soft_bounce_of_an_address_quarantines_it(now: datetime) -> None:
    deliveries = [make_sent(now, people=1) for _number in range(6)]

    for day, delivery in enumerate(deliveries):
        apply_mails(mails(bounce(messages_of(delivery)[0], SOFT), prefix=f"day {day}"), now=now + timedelta(days=day))

    assert in_quarantine() == {"person1@example.com": "quarantined"}


@pytest.mark.parametrize("kind", [Kind.DELAY, Kind.AUTO_REPLY, Kind.DELIVERED, Kind.OTHER])
def test_what_is_no_bounce_is_kept_and_changes_nothing(kind: Kind, now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    assert apply_mails(mails(bounce(row, kind=kind)), now=now) == {"no_effect": 1}

    row.refresh_from_db()
    assert (row.status, row.failure_type) == (SENT, None)
    assert not Quarantine.objects.exists()


@pytest.mark.parametrize("type", [FailureType.IGNORED, FailureType.UNDEFINED])
def test_a_failure_that_is_ignored_or_not_understood_blames_nobody(type: FailureType, now: datetime) -> None:
    delivery = make_sent(now)

    assert apply_mails(mails(bounce(messages_of(delivery)[0], (type, FailureReason.UNREACHABLE))), now=now) == {
        "no_effect": 1
    }
    assert statuses(delivery) == [SENT] * 3
    assert not Quarantine.objects.exists()


def test_a_refusal_of_the_message_fails_it_and_blames_no_address(now: datetime) -> None:
    delivery = make_sent(now)

    apply_mails(mails(bounce(messages_of(delivery)[0], (FailureType.HARD, FailureReason.REFUSED))), now=now)

    assert statuses(delivery)[0] == FAILED
    assert not Quarantine.objects.exists()


def test_a_message_in_doubt_that_bounces_has_left_and_failed(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]
    _put_in_doubt(row.pk, now)

    apply_mails(mails(bounce(row)), now=now)

    row.refresh_from_db()
    assert (row.status, row.in_doubt_since) == (FAILED, None)
    assert counters_agree(delivery)


def test_any_answer_but_a_bounce_proves_that_a_message_in_doubt_was_sent(now: datetime) -> None:
    delivery = make_sent(now)
    rows = messages_of(delivery)
    for row in rows:
        _put_in_doubt(row.pk, now)

    delay, reply = bounce(rows[0], kind=Kind.DELAY), bounce(rows[2], kind=Kind.AUTO_REPLY)
    apply_mails(mails(delay, complaint(rows[1]), reply), now=now)

    assert statuses(delivery) == [SENT] * 3
    assert counters_agree(delivery)
    assert delivery.in_doubt == 0


def _put_in_doubt(number: int, now: datetime) -> None:
    from django.db.models import F

    from deliveries.models import Broadlog, Delivery

    Broadlog.objects.filter(pk=number).update(status=MessageStatus.PENDING, in_doubt_since=now)
    delivery = Broadlog.objects.values_list("delivery_id", flat=True).get(pk=number)
    Delivery.objects.filter(pk=delivery).update(sent=F("sent") - 1, in_doubt=F("in_doubt") + 1)


def test_what_a_provider_took_into_account_is_sent_by_its_receipt_and_failed_by_its_bounce(now: datetime) -> None:
    delivery = make_sent(now, people=2)
    delivery.broadlogs.update(status=MessageStatus.TAKEN_INTO_ACCOUNT)
    type(delivery).objects.filter(pk=delivery.pk).update(sent=0, taken_into_account=2)
    first, second = messages_of(delivery)

    apply_mails(mails(bounce(first, kind=Kind.DELIVERED), bounce(second)), now=now)

    assert statuses(delivery) == [SENT, FAILED]
    assert counters_agree(delivery)


def test_a_complaint_denylists_the_address_and_is_no_failure(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    assert apply_mails(mails(complaint(row), complaint(messages_of(delivery)[1], "not-spam")), now=now) == {
        "applied": 1,
        "no_effect": 1,
    }
    assert in_quarantine() == {address_key("email", row.address): "denylisted"}
    assert statuses(delivery) == [SENT] * 3
    person = row.recipient
    assert person is not None
    person.refresh_from_db()
    assert not (person.denylist_email or person.denylist_sms or person.denylist_all)


def test_a_mail_that_asks_for_no_more_does_what_the_link_does(now: datetime) -> None:
    delivery = make_sent(now)
    row = messages_of(delivery)[0]

    assert apply_mails(mails(unsubscription(row)), now=now + timedelta(days=400)) == {"applied": 1}

    person = row.recipient
    assert person is not None
    person.refresh_from_db()
    assert person.denylist_email
    hit = TrackingLog.objects.get()
    assert (hit.kind, hit.broadlog_id) == (HitKind.UNSUBSCRIBE, row.pk)
    assert not Quarantine.objects.exists()


def test_a_mail_that_could_not_be_read_is_kept_as_set_aside(now: datetime) -> None:
    assert apply_mails(mails(None), now=now) == {"set_aside": 1}
    assert InboundMail.objects.get().outcome == InboundMail.Outcome.SET_ASIDE


def test_a_bounce_that_comes_too_late_changes_nothing(now: datetime) -> None:
    delivery = make_sent(now)

    found = apply_mails(mails(bounce(messages_of(delivery)[0])), now=now + timedelta(days=31))

    assert found == {"no_token": 1}
    assert statuses(delivery) == [SENT] * 3
    assert not Quarantine.objects.exists()


def test_the_number_of_statements_does_not_grow_with_the_number_of_mails(now: datetime) -> None:
    rows = messages_of(make_sent(now, people=120))
    counts = []
    for part in (rows[:10], rows[10:]):
        readings = [bounce(row, HARD if row.pk % 2 else SOFT) for row in part]
        with CaptureQueriesContext(connection) as queries:
            apply_mails(mails(*readings, prefix=f"of {len(part)}"), now=now)
        counts.append(len(queries))

    # SQLite inserts so many columns in pieces.
    assert counts[1] <= counts[0] + 2 < 30
    assert InboundMail.objects.count() == 120
