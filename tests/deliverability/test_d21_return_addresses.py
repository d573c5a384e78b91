"""D21: envelope senders name their broadlog, and no other address does."""

from __future__ import annotations

from deliveries.channels.email.addresses import (
    bounce_address,
    broadlog_of_bounce,
    broadlog_of_message_id,
    broadlog_of_unsubscription,
    message_id,
    unsubscription_address,
)


def test_d21_ten_thousand_addresses_read_back_in_either_case_and_fit_a_local_part() -> None:
    for number in range(1, 20_000_001, 2_000):
        address = bounce_address(number, "back.example.com")
        assert len(address.partition("@")[0]) <= 64
        assert broadlog_of_bounce(address) == broadlog_of_bounce(f"<{address.upper()}>") == number


def test_d21_no_flipped_bit_is_accepted() -> None:
    address = bounce_address(123_456, "back.example.com")
    token = bytes.fromhex(address[2:52])

    for bit in range(len(token) * 8):
        forged = bytearray(token)
        forged[bit // 8] ^= 1 << bit % 8
        assert broadlog_of_bounce(f"b+{forged.hex()}@back.example.com") is None


def test_d21_a_token_serves_only_what_it_was_made_for() -> None:
    bounce, mail, identity = (
        bounce_address(5, "d.example"),
        unsubscription_address(5, "d.example"),
        message_id(5, "d.example"),
    )

    assert (broadlog_of_bounce(bounce), broadlog_of_unsubscription(mail), broadlog_of_message_id(identity)) == (5, 5, 5)
    assert broadlog_of_bounce(f"b+{identity.strip('<>')}") is None
    assert broadlog_of_bounce(f"b{mail[1:]}") is None and broadlog_of_unsubscription(f"u{bounce[1:]}") is None
    assert broadlog_of_message_id(bounce[2:]) is None and broadlog_of_bounce("anne@example.com") is None
