"""Proofs, and that a recurring delivery has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import translation

from deliveries.counters import count_rows
from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliveryState, DeliveryTemplate, MessageStatus
from deliveries.models.delivery import NO_PROOF_FROM_RECURRING
from deliveries.proofs import InvalidProofTarget, NothingToProve, ProofNotAllowed, ProofOfProof, refusal, send_proof
from operations.models import Activity, Workflow
from tests.deliveries.factories import make_activity, make_delivery, make_template, quarantine, reasons, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def make_occurrence(now: datetime) -> Delivery:
    return run_once(make_activity("recurring_delivery"), [make_recipient()], now=now)


def test_a_proof_is_prepared_confirmed_and_numbered(now: datetime) -> None:
    person = make_recipient()
    delivery = make_delivery(now)

    proofs = [send_proof(delivery, now=now, recipients=[person.pk]) for _time in range(2)]

    assert [proof.proof_number for proof in proofs] == [1, 2]
    proof = proofs[1]
    assert (proof.kind, proof.state, proof.proof_of) == (DeliveryKind.PROOF, DeliveryState.START_PENDING, delivery)
    assert proof.subject == "Proof #2 Happy birthday {{ recipient.first_name }}"
    assert proof.label == "Proof #2 Birthday"
    assert reasons(proof) == {person.pk: "pending"}
    delivery.refresh_from_db()
    assert (delivery.state, delivery.targeted) == (DeliveryState.EDITED, 0)


def test_a_proof_goes_to_bare_addresses(now: datetime) -> None:
    proof = send_proof(make_delivery(now), now=now, addresses=["ada@example.com", " bob@example.com"])

    rows = Broadlog.objects.filter(delivery=proof).order_by("pk")
    assert [(row.address, row.recipient_id, row.status) for row in rows] == [
        ("ada@example.com", None, MessageStatus.PENDING),
        ("bob@example.com", None, MessageStatus.PENDING),
    ]
    counts = count_rows(proof.pk)
    assert {name: getattr(proof, name) for name in counts} == counts


def test_a_proof_keeps_whom_the_main_target_drops(now: datetime) -> None:
    quarantine("person3@example.com")
    kept = [
        make_recipient(1),
        make_recipient(2, denylist_all=True),
        make_recipient(3),
        make_recipient(4, email="PERSON1@example.com"),
    ]
    silent = make_recipient(5, email="")

    proof = send_proof(make_delivery(now), now=now, recipients=[person.pk for person in [*kept, silent]])

    assert reasons(proof) == {**dict.fromkeys([p.pk for p in kept], "pending"), silent.pk: "address_not_specified"}


def test_a_proof_is_confirmed_whatever_the_approval_mode(now: datetime) -> None:
    proof = send_proof(make_delivery(now, approval_mode="manual"), now=now, addresses=["ada@example.com"])

    assert proof.state == DeliveryState.START_PENDING


def test_a_proof_of_broken_content_says_why(now: datetime) -> None:
    proof = send_proof(make_delivery(now, subject=""), now=now, addresses=["ada@example.com"])

    assert (proof.state, proof.error) == (DeliveryState.PREPARATION_FAILED, "The subject is empty.")


def test_a_template_and_an_activity_have_proofs(now: datetime) -> None:
    activity = make_activity("email_delivery")
    local = DeliveryTemplate.objects.get(activity=activity)
    shared = make_template()

    proofs = [send_proof(of, now=now, addresses=["a@example.com"]) for of in (activity, local, shared)]

    assert [(proof.template, proof.proof_number) for proof in proofs] == [(local, 1), (local, 2), (shared, 1)]


def test_a_continuous_delivery_has_proofs(now: datetime) -> None:
    activity = make_activity("continuous_delivery")
    delivery = run_once(activity, [make_recipient()], now=now)

    for of in (activity, delivery):
        assert send_proof(of, now=now, addresses=["a@example.com"]).state == DeliveryState.START_PENDING


RECURRING: list[Callable[[datetime], Any]] = [
    lambda now: make_activity("recurring_delivery"),
    lambda now: DeliveryTemplate.objects.get(activity=make_activity("recurring_delivery")),
    make_occurrence,
]


@pytest.mark.parametrize("make", RECURRING, ids=["activity", "local template", "occurrence"])
def test_nothing_recurring_has_a_proof(now: datetime, make: Callable[[datetime], Any]) -> None:
    of = make(now)

    with pytest.raises(ProofNotAllowed) as refused:
        send_proof(of, now=now, addresses=["a@example.com"])

    assert refused.value.code == "proof_not_allowed_for_recurring"
    assert str(refused.value) == str(NO_PROOF_FROM_RECURRING) == refusal(of)
    assert not Delivery.objects.filter(kind=DeliveryKind.PROOF).exists()


def test_the_model_refuses_a_proof_of_an_occurrence(now: datetime) -> None:
    proof = Delivery(label="Proof", kind=DeliveryKind.PROOF, proof_of=make_occurrence(now))

    with pytest.raises(ValidationError) as refused:
        proof.full_clean()

    assert "proof_of" in refused.value.message_dict


def test_the_database_refuses_a_proof_of_an_occurrence(now: datetime) -> None:
    occurrence = make_occurrence(now)

    with pytest.raises(IntegrityError, match="delivery_no_proof_of_recurring"):
        Delivery.objects.create(
            label="Proof", kind=DeliveryKind.PROOF, proof_of=occurrence, proof_of_kind=DeliveryKind.RECURRING
        )


def test_what_may_have_proofs_has_no_refusal(now: datetime) -> None:
    assert refusal(make_delivery(now)) == ""


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({}, "one of the two"),
        ({"recipients": [], "addresses": []}, "one of the two"),
        ({"recipients": [1], "addresses": ["a@example.com"]}, "one of the two"),
        ({"recipients": [4711]}, "no recipient 4711"),
        ({"addresses": ["not an address"]}, "not an address|@"),
        ({"addresses": ["a@example.com\r\nBcc: b@example.com"]}, "."),
        ({"addresses": [f"p{number}@example.com" for number in range(101)]}, "at most 100"),
    ],
)
def test_a_wrong_target_is_refused(now: datetime, target: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidProofTarget, match=words):
        send_proof(make_delivery(now), now=now, **target)
    assert not Delivery.objects.filter(kind=DeliveryKind.PROOF).exists()


def test_a_hundred_people_are_few_enough(now: datetime) -> None:
    people = make_recipients(100)

    assert send_proof(make_delivery(now), now=now, recipients=[p.pk for p in people]).targeted == 100


def test_a_proof_has_no_proof(now: datetime) -> None:
    proof = send_proof(make_delivery(now), now=now, addresses=["a@example.com"])

    with pytest.raises(ProofOfProof):
        send_proof(proof, now=now, addresses=["a@example.com"])


def test_an_activity_that_sends_nothing_has_no_proof(now: datetime) -> None:
    query = Activity.objects.create(workflow=Workflow.objects.create(label="W"), name="query", type="query")

    with pytest.raises(NothingToProve, match="query"):
        send_proof(query, now=now, addresses=["a@example.com"])


def test_the_prefix_is_written_in_the_language_of_the_operator(now: datetime) -> None:
    with translation.override("en"):
        assert send_proof(make_delivery(now), now=now, addresses=["a@b.example"]).subject.startswith("Proof #1 ")
