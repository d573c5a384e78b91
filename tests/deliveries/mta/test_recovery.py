from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, PartState
from deliveries.mta.claims import Claim, claim_part
from deliveries.mta.fates import outcome_of
from deliveries.mta.journal import Journal
from deliveries.mta.outcomes import write_outcomes
from deliveries.mta.recovery import recover
from installation.models import Process
from installation.processes import register_process
from tests.deliveries.mta.connectors import ACCEPTED, MAILBOX_FULL, USER_UNKNOWN
from tests.deliveries.mta.factories import counters, make_sending, rows_of, statuses

pytestmark = pytest.mark.usefixtures("channel", "db")


def claimed(journal: Journal) -> Claim:
    claim = claim_part(uid=journal.uid, affinities=[])
    assert claim is not None
    journal.claim(claim.key, claim.attempt)
    return claim


def died_after_sending(folder: Path) -> tuple[Claim, Journal]:
    """One accepted, one refused, one refused for now, one without a reply; the others were not begun."""
    journal = Journal(folder)
    claim = claimed(journal)
    numbers = [row.broadlog_id for row in claim.rows]
    for session, number in enumerate(numbers[:4]):
        journal.intend(claim.key, number, 1, session)
    for number, result in zip(numbers, (ACCEPTED, USER_UNKNOWN, MAILBOX_FULL), strict=False):
        journal.record(claim.key, outcome_of(number, 1, result))
    journal.close(settled=False)
    return claim, journal


def suffixes(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def test_a_dead_senders_messages_are_recorded_in_doubt_or_pending_again(folder: Path) -> None:
    delivery = make_sending(6)
    died_after_sending(folder)

    assert recover(folder) == 1

    assert statuses(delivery) == ["sent", "failed", "pending", "in_doubt", "pending", "pending"]
    assert counters(delivery) == {"sent": 1, "failed": 1, "in_doubt": 1, "pending": 3}
    part = DeliveryPart.objects.get()
    assert (part.state, part.claimed_by) == (PartState.DUE, "")
    assert suffixes(folder) == [".done"]


def test_a_journal_is_replayed_exactly_once(folder: Path) -> None:
    delivery = make_sending(6)
    died_after_sending(folder)
    recover(folder)
    before = counters(delivery)

    assert recover(folder) == 0

    assert counters(delivery) == before


def test_outcomes_that_were_written_before_the_death_count_once(folder: Path) -> None:
    delivery = make_sending(6)
    claim, _journal = died_after_sending(folder)
    numbers = [row.broadlog_id for row in claim.rows]
    write_outcomes(claim.key, [outcome_of(numbers[0], 1, ACCEPTED), outcome_of(numbers[2], 1, MAILBOX_FULL)])

    recover(folder)

    assert counters(delivery) == {"sent": 1, "failed": 1, "in_doubt": 1, "pending": 3}
    assert [row.attempts for row in rows_of(delivery)] == [1, 1, 1, 1, 0, 0]


def test_a_living_sender_is_never_touched_however_old_its_lease(folder: Path) -> None:
    delivery = make_sending(2)
    journal = Journal(folder)
    claim = claimed(journal)
    journal.intend(claim.key, claim.rows[0].broadlog_id, 1, 0)
    DeliveryPart.objects.update(lease_until=timezone.now() - timedelta(hours=1))

    assert recover(folder) == 0

    assert statuses(delivery) == ["pending", "pending"]
    assert DeliveryPart.objects.get().claim_token == claim.key.token
    assert suffixes(folder) == [".journal"]


def test_a_part_without_a_line_in_the_journal_is_pending_again(folder: Path) -> None:
    delivery = make_sending(2)
    journal = Journal(folder)
    assert claim_part(uid=journal.uid, affinities=[]) is not None
    journal.close(settled=False)

    recover(folder)

    assert counters(delivery) == {"pending": 2}
    assert DeliveryPart.objects.get().state == PartState.DUE


def test_a_delivery_that_asks_for_it_sends_doubtful_messages_again(folder: Path) -> None:
    delivery = make_sending(6, in_doubt_policy="resend")
    died_after_sending(folder)

    recover(folder)

    assert statuses(delivery) == ["sent", "failed", "pending", "pending", "pending", "pending"]
    assert counters(delivery) == {"sent": 1, "failed": 1, "pending": 4}


def test_the_rest_of_a_stopped_delivery_is_cancelled_once_its_holder_is_dead(folder: Path) -> None:
    delivery = make_sending(6)
    died_after_sending(folder)
    Delivery.objects.update(stop_requested=True)

    recover(folder)

    assert statuses(delivery) == ["sent", "failed", "cancelled", "in_doubt", "cancelled", "cancelled"]
    assert DeliveryPart.objects.get().state == PartState.DONE


def test_what_a_vanished_machine_held_is_in_doubt_as_far_as_it_was_not_recorded(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    delivery = make_sending(3)
    claim, _journal = died_after_sending(elsewhere)
    write_outcomes(claim.key, [outcome_of(claim.rows[0].broadlog_id, 1, ACCEPTED)])
    assert recover(folder) == 0

    DeliveryPart.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert recover(folder) == 1

    assert statuses(delivery) == ["sent", "in_doubt", "in_doubt"]
    assert counters(delivery) == {"sent": 1, "in_doubt": 2}
    assert DeliveryPart.objects.get().state == PartState.DONE


def test_a_sender_elsewhere_that_gives_signs_of_life_keeps_its_parts(folder: Path) -> None:
    make_sending(1)
    assert claim_part(uid="far", affinities=[]) is not None
    DeliveryPart.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    register_process(kind=Process.Kind.MTA, name="far", now=timezone.now(), uid="far")

    assert recover(folder) == 0

    Process.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert recover(folder) == 1


def test_a_dead_process_is_taken_off_the_list(folder: Path) -> None:
    journal = Journal(folder)
    register_process(kind=Process.Kind.MTA, name="dead", now=timezone.now(), uid=journal.uid)
    journal.close(settled=False)

    recover(folder)

    assert not Process.objects.exists()


def test_a_part_that_somebody_else_settled_is_left_alone(folder: Path) -> None:
    delivery = make_sending(6, state=DeliveryState.IN_PROGRESS)
    died_after_sending(folder)
    DeliveryPart.objects.update(state=PartState.DUE, claim_token=None, claimed_by="", lease_until=None)

    assert recover(folder) == 0

    assert counters(delivery) == {"pending": 6}
    assert not Broadlog.objects.filter(status=1).exists()
