"""Which rules run, in which order, at which level."""

from __future__ import annotations

from datetime import datetime

import pytest

from deliveries.models import Delivery, DeliveryKind, DeliveryState, Typology, TypologyRule
from deliveries.typology.registry import control_rules, filtering_rules, filters_of
from tests.deliveries.factories import analyse, make_delivery
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db
WITHOUT_LINK = "<p>Hello</p>"


def make_typology(**values: object) -> Typology:
    typology = Typology.objects.create(label="Ours")
    TypologyRule.objects.create(typology=typology, **values)
    return typology


def test_the_order_of_the_exclusions_is_fixed() -> None:
    codes = [rule.code for rule in filters_of(Delivery())]

    assert codes == ["no_address", "invalid_address", "denylisted", "quarantined", "duplicate"]


def test_a_proof_runs_only_what_makes_sending_impossible() -> None:
    codes = [rule.code for rule in filters_of(Delivery(kind=DeliveryKind.PROOF))]

    assert codes == ["no_address", "invalid_address"]


def test_each_rule_has_one_reason_of_its_own() -> None:
    rules = list(filtering_rules)

    assert len({rule.reason for rule in rules}) == len({rule.sequence for rule in rules}) == len(rules)


def test_a_warning_is_logged_and_does_not_forbid(now: datetime) -> None:
    make_recipient()
    delivery = make_delivery(now, html=WITHOUT_LINK)

    preparation = analyse(delivery, now=now)

    assert delivery.state == DeliveryState.READY
    assert "no unsubscription link" in preparation.log.get(level="warning").message


def test_a_typology_raises_a_warning_to_an_error(now: datetime) -> None:
    typology = make_typology(type="unsubscribe_link", level="error")
    delivery = make_delivery(now, html=WITHOUT_LINK, typology=typology)

    analyse(delivery, now=now)

    assert delivery.state == DeliveryState.PREPARATION_FAILED
    assert "no unsubscription link" in delivery.error


def test_a_typology_switches_a_warning_off(now: datetime) -> None:
    make_recipient()
    typology = make_typology(type="unsubscribe_link", active=False)
    delivery = make_delivery(now, html=WITHOUT_LINK, typology=typology)

    preparation = analyse(delivery, now=now)

    assert not preparation.log.filter(level="warning").exists()


@pytest.mark.parametrize("values", [{"active": False}, {"level": "warning"}])
def test_no_typology_switches_an_error_off(now: datetime, values: dict[str, object]) -> None:
    typology = make_typology(type="subject_missing", **values)
    delivery = make_delivery(now, subject="", typology=typology)

    analyse(delivery, now=now)

    assert delivery.state == DeliveryState.PREPARATION_FAILED


def test_every_error_is_named_at_once(now: datetime) -> None:
    delivery = make_delivery(now, subject="", html="", from_email="")

    analyse(delivery, now=now)

    for words in ("subject is empty", "content is empty", "sender address is empty"):
        assert words in delivery.error


def test_the_control_rules_are_known_by_code() -> None:
    assert set(control_rules.codes()) == {
        "subject_missing",
        "content_empty",
        "content_size",
        "freemail_sender",
        "unaligned_sender",
        "unsigned_sender",
        "unsubscribe_link",
        "personalisation",
        "sender_address",
        "proof_size",
        "validity",
    }
