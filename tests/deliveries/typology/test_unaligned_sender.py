"""D08: a sender in whose name nothing vouches for the mails."""

from __future__ import annotations

from datetime import datetime

import pytest

from deliveries.channels.email.alignment import is_aligned, organisational_domain
from deliveries.models import Route
from deliveries.signing_keys import deactivate
from tests.deliverability.identities import active_key, mails_return_to
from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("example.com", "example.com"),
        ("News.Mail.Example.com.", "example.com"),
        ("mail.example.co.uk", "example.co.uk"),
        ("a.b.example.kobe.jp", "b.example.kobe.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("shop.someone.github.io", "someone.github.io"),
        ("mail.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("mail.example.no-such-tld", "example.no-such-tld"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
    ],
)
def test_d08_the_organisational_domain_follows_the_public_suffix_list(domain: str, organisation: str) -> None:
    assert organisational_domain(domain) == organisation


def test_d08_two_who_share_no_more_than_a_public_suffix_are_strangers() -> None:
    assert is_aligned("news.example.co.uk", "bounces.example.co.uk")
    assert not is_aligned("one.co.uk", "two.co.uk")
    assert not is_aligned("one.github.io", "two.github.io")


def test_keys_of_others_and_a_return_address_elsewhere_are_named_with_what_to_do(now: datetime) -> None:
    active_key("brand.example")
    mails_return_to("bounces.other.example")

    refusal, advice = faults("unaligned_sender", now, from_email="news@mail.shop.example")

    assert "mail.shop.example" in refusal and "bounces.other.example" in refusal
    assert "Activate a DKIM key of mail.shop.example" in advice and "brand.example" in advice


def test_without_a_key_a_relay_may_sign_and_what_leaves_directly_is_not_signed(now: datetime) -> None:
    mails_return_to("bounces.other.example")

    assert faults("unaligned_sender", now, from_email="news@shop.example") == []
    Route.objects.create(label="Direct", internal_name="direct", url="mx:", is_default=True)
    refusal, advice = faults("unaligned_sender", now, from_email="news@shop.example")
    assert "shop.example" in refusal and "bounces.other.example" in advice


def test_a_key_that_does_not_sign_yet_vouches_for_nothing(now: datetime) -> None:
    active_key("brand.example")
    deactivate(active_key("shop.example"))
    mails_return_to("bounces.other.example")

    assert faults("unaligned_sender", now, from_email="news@shop.example")


def test_a_missing_sender_is_another_rules_business(now: datetime) -> None:
    active_key("brand.example")
    mails_return_to("bounces.other.example")

    assert faults("unaligned_sender", now, from_email="") == []
