"""D28: a complaint denylists the address at once and is never a bounce; a forged one does nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundMail
from recipients.models import Quarantine, Recipient
from tests.deliveries.inbound.boxes import make_box, read_box
from tests.deliveries.inbound.mails import arf, in_quarantine, make_sent, messages_of, statuses

pytestmark = pytest.mark.django_db
COMPLAINTS = 25


def test_d28_every_complaint_denylists_its_address_and_fails_no_message(
    now: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    delivery = make_sent(now, people=COMPLAINTS + 2)
    rows = messages_of(delivery)

    read_box(make_box(tmp_path / "box", [arf(row) for row in rows[:COMPLAINTS]]), now)

    assert in_quarantine() == {row.address: "denylisted" for row in rows[:COMPLAINTS]}
    assert set(statuses(delivery)) == {MessageStatus.SENT}
    assert set(InboundMail.objects.values_list("kind", "outcome")) == {("complaint", "applied")}
    # Their other channels go on.
    assert not Recipient.objects.filter(denylist_all=True).exists()


def test_d28_a_complaint_about_a_message_that_is_not_ours_changes_nothing(
    now: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    row = messages_of(make_sent(now))[0]
    forged = [arf(row, message=f"<{number:058x}@example.com>") for number in range(COMPLAINTS)]

    assert read_box(make_box(tmp_path / "box", forged), now).outcomes == {"no_token": COMPLAINTS}
    assert not Quarantine.objects.exists()
