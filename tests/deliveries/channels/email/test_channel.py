"""The channel's view of addresses: one rule, in SQL for the analysis and in Python for one address."""

from __future__ import annotations

import pytest

from deliveries.channels.email.addresses import (
    bounce_address,
    broadlog_of_bounce,
    broadlog_of_message_id,
    is_plausible,
    message_id,
)
from deliveries.channels.registry import channels
from recipients.models import Recipient
from tests.factories import make_recipient

ADDRESSES = {
    "anne@example.com": True,
    " Anne.Martin@Example.co.uk ": True,
    "anne+tag@sub.example.com": True,
    "zoé@exämple.com": True,
    "用户@例え.jp": True,
    "o'neil_x/y=z@example.com": True,
    "a" * 64 + "@example.com": True,
    "a" * 65 + "@example.com": False,
    "anne": False,
    "@example.com": False,
    "anne@": False,
    "anne@localhost": False,
    "anne@@example.com": False,
    "anne@a@example.com": False,
    "an ne@example.com": False,
    "anne..m@example.com": False,
    ".anne@example.com": False,
    "anne.@example.com": False,
    "anne@example..com": False,
    "anne@-example.com": False,
    "anne@example.com.": False,
    "anne@example.com\n": False,
    "anne@example.com\r\nRCPT": False,
    "an\u2028ne@example.com": False,
    "anne\u00a0@example.com": False,
    "<anne@example.com>": False,
    'a"b@example.com': False,
    "a,b@example.com": False,
}
email = channels.get("email")


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "valid"), ADDRESSES.items())
def test_the_analysis_and_the_renderer_agree_on_every_address(address: str, valid: bool) -> None:
    make_recipient(email=address)

    assert Recipient.objects.filter(email.invalid_address()).exists() is not valid
    assert is_plausible(address) is valid


@pytest.mark.django_db
def test_no_address_is_not_an_invalid_one() -> None:
    make_recipient(1, email="")
    make_recipient(2, email="   ")

    assert not Recipient.objects.filter(email.invalid_address()).exists()


@pytest.mark.django_db
def test_the_address_is_trimmed_and_compared_without_case() -> None:
    make_recipient(email=" Anne@Example.com ")

    row = Recipient.objects.values_list(email.address(), email.address_key()).get()

    assert row == ("Anne@Example.com", "anne@example.com")


def test_one_address_is_checked_with_a_sentence() -> None:
    assert email.check_address(" Anne@Example.test ") == "Anne@Example.test"
    for address in ("anne", "anne@example", "a b@example.com", "a@example.com\r\nBcc: x@y.z", "a@exa_mple.com"):
        with pytest.raises(ValueError, match=r"\w+ \w+"):
            email.check_address(address)


def test_a_bounce_address_names_its_broadlog_and_a_changed_one_names_none() -> None:
    address = bounce_address(123, "mail.example.com")
    forged = address[:10] + ("a" if address[10] != "a" else "b") + address[11:]

    assert broadlog_of_bounce(address) == 123
    assert broadlog_of_bounce(forged) is None
    assert broadlog_of_bounce("someone@example.com") is None
    assert broadlog_of_bounce("b+@example.com") is None


def test_a_message_id_names_its_broadlog_and_no_other_does() -> None:
    ours = message_id(123, "mail.example.com")

    assert broadlog_of_message_id(ours) == broadlog_of_message_id(ours.strip("<>").upper()) == 123
    assert broadlog_of_message_id(bounce_address(123, "mail.example.com")) is None
    assert broadlog_of_message_id("<20251006.4AB@relay.example.com>") is None
