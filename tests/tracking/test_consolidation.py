"""Counters on the delivery, and who counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries.models import Delivery
from tests.deliveries.content.factories import make_delivery
from tests.factories import make_recipients
from tests.tracking.factories import CRAWLER, make_hit, make_message
from tracking.consolidation import consolidate_due
from tracking.criteria import clicked, opened
from tracking.explain import hit_steps
from tracking.models import DeliveryMark, HitKind

pytestmark = pytest.mark.django_db


def counts(delivery: Delivery) -> dict[str, Any]:
    return dict(Delivery.objects.values("opened", "clicked", "unsubscribed").get(pk=delivery.pk))


def test_each_message_counts_once_and_a_click_is_an_opening(now: datetime) -> None:
    delivery = make_delivery()
    first, second, third, _quiet = [make_message(person, delivery) for person in make_recipients(4)]
    for _ in range(3):
        make_hit(first)
    make_hit(second, HitKind.CLICK)
    make_hit(third, HitKind.MIRROR)
    make_hit(third, HitKind.UNSUBSCRIBE)

    done = consolidate_due(now)

    assert done == 1 and consolidate_due(now) == 0
    assert counts(delivery) == {"opened": 3, "clicked": 1, "unsubscribed": 1}


def test_machines_open_and_click_nothing_but_their_unsubscription_counts(now: datetime) -> None:
    delivery = make_delivery()
    message = make_message(make_recipients(1)[0], delivery)
    for kind in HitKind:
        make_hit(message, kind, user_agent=CRAWLER)

    consolidate_due(now)

    assert counts(delivery) == {"opened": 0, "clicked": 0, "unsubscribed": 1}


def test_proofs_are_no_statistics(now: datetime) -> None:
    original = make_delivery()
    proof = make_delivery(kind="proof", proof_of=original, proof_of_kind="one_off", proof_number=1)
    person = make_recipients(1)[0]
    make_hit(make_message(person, proof), HitKind.CLICK)

    consolidate_due(now)

    assert counts(proof) == counts(original) == {"opened": 0, "clicked": 0, "unsubscribed": 0}
    assert not DeliveryMark.objects.exists()
    assert not opened(of=None, since=None).exists()


def test_the_number_of_statements_does_not_grow_with_the_hits(now: datetime) -> None:
    def statements(people: int) -> int:
        delivery = make_delivery()
        for person in make_recipients(people):
            make_hit(make_message(person, delivery))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            consolidate_due(now)
        assert counts(delivery)["opened"] == people
        return len(queries)

    assert statements(3) == statements(60)


def test_the_filter_language_knows_who_opened_and_clicked_in_what_and_since_when(now: datetime) -> None:
    monday, tuesday = make_delivery(), make_delivery()
    anne, bob = make_recipients(2)
    make_hit(make_message(anne, monday), HitKind.CLICK, now=now)
    make_hit(make_message(bob, tuesday), HitKind.OPEN, now=now)

    assert set(opened(of=None, since=None)) == {anne.pk, bob.pk}
    assert set(clicked(of=None, since=None)) == {anne.pk}
    assert set(opened(of={"delivery": tuesday.pk}, since=None)) == {bob.pk}
    assert set(opened(of=None, since=now + timedelta(seconds=1))) == set()


def test_a_persons_hits_are_told_in_order_with_their_verdict(now: datetime) -> None:
    anne, bob = make_recipients(2)
    delivery = make_delivery()
    message = make_message(anne, delivery)
    make_hit(make_message(bob, delivery))
    make_hit(message, HitKind.CLICK, now=now + timedelta(minutes=1))
    make_hit(message, HitKind.OPEN, user_agent=CRAWLER, now=now)

    steps = hit_steps(delivery, anne.pk)

    assert [(step.where, step.outcome) for step in steps] == [("Open", "Security scanner"), ("Click", "Human")]
    assert steps[0].reason == CRAWLER
