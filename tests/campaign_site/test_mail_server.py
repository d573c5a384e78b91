"""Mails to users go by the server of SMTP_URL."""

from __future__ import annotations

import pytest

from campaign_site.env import mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost:25", ("localhost", 25, "", "", False, False)),
        ("smtp://me:p%40ss@relay:587", ("relay", 587, "me", "p@ss", False, True)),
        ("smtp://me:x@relay?tls=off", ("relay", 25, "me", "x", False, False)),
        ("smtps://me:x@relay", ("relay", 465, "me", "x", True, False)),
    ],
)
def test_a_password_travels_only_encrypted_unless_somebody_says_otherwise(
    url: str, server: tuple[str, int, str, str, bool, bool]
) -> None:
    assert mail_server(url) == server
