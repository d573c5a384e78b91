"""F33: a provider out of order answered 550 5.1.1 to everybody; an operator takes it back."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command

from deliveries.inbound.applying import apply_mails
from recipients.models import Quarantine
from recipients.quarantine import AddressFailure, record_failures
from recipients.vocabulary import FailureReason
from tests.deliveries.inbound.mails import bounce, mails, make_sent, messages_of

pytestmark = pytest.mark.django_db
TEXT = "550 5.1.1 user unknown (directory offline)"
SUFFERED, OTHERS = 1000, 20


def test_f33_an_undo_by_time_domain_and_text_restores_all_and_only_them(now: datetime) -> None:
    rows = messages_of(make_sent(now, people=SUFFERED // 2))
    apply_mails(mails(*(bounce(row, detail=TEXT) for row in rows)), now=now)
    refused(SUFFERED // 2, "sync{}@example.com", TEXT, now)
    refused(OTHERS, "gone{}@example.com", "550 no such user", now)
    refused(OTHERS, "else{}@example.org", TEXT, now)
    out = io.StringIO()
    window = ["--since", (now - timedelta(hours=1)).isoformat(), "--until", (now + timedelta(hours=1)).isoformat()]

    call_command(
        "release_quarantine", *window, "--domain", "example.com", "--text", "directory offline", "--json", stdout=out
    )

    assert json.loads(out.getvalue()) == {"addresses": SUFFERED, "mails": SUFFERED // 2, "dry_run": False}
    quarantined = Quarantine.objects.filter(status=Quarantine.Status.QUARANTINED)
    assert quarantined.count() == 2 * OTHERS
    assert Quarantine.objects.filter(status=Quarantine.Status.VALID, error_count=0).count() == SUFFERED


def refused(number: int, address: str, text: str, now: datetime) -> None:
    """While sending: no mail tells of it."""
    failures = [
        AddressFailure("email", address.format(index), FailureReason.USER_UNKNOWN, text, 1, "Birthday")
        for index in range(number)
    ]
    record_failures(failures=failures, now=now)
