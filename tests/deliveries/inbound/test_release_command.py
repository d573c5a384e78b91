from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from recipients.models import Quarantine

pytestmark = pytest.mark.django_db


def test_the_command_releases_the_addresses_named() -> None:
    Quarantine.objects.create(channel="email", address="ann@x.org", status=Quarantine.Status.QUARANTINED, error_count=2)
    out = io.StringIO()

    call_command("release_quarantine", "Ann@X.org", "other@x.org", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {"released": 1}
    assert Quarantine.objects.get().status == Quarantine.Status.VALID


def test_the_command_refuses_when_there_is_nothing_to_release() -> None:
    Quarantine.objects.create(channel="email", address="ann@x.org", status=Quarantine.Status.QUARANTINED)

    with pytest.raises(CommandError, match="sms"):
        call_command("release_quarantine", "ann@x.org", "--channel", "sms")

    assert Quarantine.objects.get().status == Quarantine.Status.QUARANTINED
