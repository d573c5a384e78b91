"""A part that kills its sender again and again is halved until one message is left; innocents are cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from deliveries.ledger import check
from deliveries.models import Delivery, DeliveryPart
from deliveries.mta.claims import Claim, claim_part
from deliveries.mta.fates import outcome_of
from deliveries.mta.journal import Journal
from deliveries.mta.outcomes import close_part
from deliveries.mta.recovery import recover
from tests.deliveries.mta.connectors import ACCEPTED
from tests.deliveries.mta.factories import make_sending, rows_of, statuses

pytestmark = pytest.mark.usefixtures("channel", "db")


def send_until_death(folder: Path, poison: int) -> bool:
    """A sender works part by part and dies when it comes to the poison; True when nothing is due any more."""
    journal = Journal(folder)
    while (claim := claim_part(uid=journal.uid, affinities=[])) is not None:
        journal.claim(claim.key, claim.attempt)
        if poison in [row.broadlog_id for row in claim.rows]:
            journal.close(settled=False)
            return False
        _send_all(claim)
    journal.close(settled=True)
    return True


def _send_all(claim: Claim) -> None:
    outcomes = [outcome_of(row.broadlog_id, 1, ACCEPTED) for row in claim.rows]
    close_part(claim.key, outcomes, fates={})


@pytest.mark.parametrize("place", [0, 37, 99])
def test_the_one_that_kills_is_found_and_all_others_are_sent(folder: Path, place: int) -> None:
    delivery = make_sending(100, part_size=50)
    poison = rows_of(delivery)[place].pk
    deaths = 0
    while not send_until_death(folder, poison):
        deaths += 1
        assert deaths <= 6 + 3
        recover(folder)

    found = statuses(delivery)
    assert found.pop(place) == "failed"
    assert set(found) == {"sent"}
    row = rows_of(delivery)[place]
    assert row.get_failure_reason_display() == "Personalisation error"
    assert check([delivery.pk]).ok


def test_a_part_that_gets_somewhere_is_no_suspect(folder: Path) -> None:
    make_sending(4)
    for _number in range(5):
        journal = Journal(folder)
        claim = claim_part(uid=journal.uid, affinities=[])
        assert claim is not None
        assert not claim.suspect
        journal.claim(claim.key, claim.attempt)
        journal.intend(claim.key, claim.rows[0].broadlog_id, 1, 0)
        journal.close(settled=False)
        recover(folder)
        if len(claim.rows) == 1:
            break
    assert DeliveryPart.objects.count() == 1


def test_a_suspect_waits_for_a_sender_that_holds_nothing_else(folder: Path) -> None:
    make_sending(4, part_size=2)
    first = DeliveryPart.objects.order_by("pk")[0]
    DeliveryPart.objects.filter(pk=first.pk).update(crashes=1)

    claim = claim_part(uid="me", affinities=[], suspects=False)
    assert claim is not None
    assert claim.key.part_id != first.pk
    assert claim_part(uid="me", affinities=[], suspects=False) is None

    suspect = claim_part(uid="other", affinities=[])
    assert suspect is not None
    assert (suspect.key.part_id, suspect.suspect) == (first.pk, True)


def test_where_nothing_gets_through_no_message_is_blamed(folder: Path) -> None:
    delivery = make_sending(1)
    poison = rows_of(delivery)[0].pk
    for _death in range(6):
        assert not send_until_death(folder, poison)
        recover(folder)

    assert statuses(delivery) == ["pending"]
    assert Delivery.objects.get().failed == 0
