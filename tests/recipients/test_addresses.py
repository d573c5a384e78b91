from __future__ import annotations

import pytest

from recipients.addresses import InvalidAddress, clean_email


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org",
        "Ann.O'Neil+news@Mail.Example.org",
        "élodie@exemple.fr",
        "user@bücher.example",
        "a@b.test",
        "用户@例子.广告",
    ],
)
def test_an_address_is_kept_as_it_was_given(address: str) -> None:
    assert clean_email(f"  {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "a b@example.org",
        "a@x> RCPT TO:<b@example.org",
        "ann@example.org\r\nBcc: b@example.org",
        "ann@example.org\n",
        "\tann@example.org",
        "a@example.org,b@example.org",
        "Ann <ann@example.org>",
        "ann@example..org",
        ".ann@example.org",
        "ann@-example.org",
        "ann”@example.org",
        "ann\u200b@example.org",
        "ann\u2028@example.org",
        f"{'a' * 65}@example.org",
        f"{'a' * 60}@{'b.' * 100}org",
    ],
)
def test_what_no_server_would_take_is_refused_with_the_reason(address: str) -> None:
    with pytest.raises(InvalidAddress, match="not an e-mail address") as caught:
        clean_email(address)

    assert "\r" not in str(caught.value) and "\n" not in str(caught.value)
