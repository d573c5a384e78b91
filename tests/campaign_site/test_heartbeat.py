"""A process says that it is alive as long as it lives."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from campaign_site.processes.heartbeat import Heartbeat
from installation.models import Process
from installation.processes import alive, missing_kinds


@pytest.mark.django_db(transaction=True)
def test_a_process_is_listed_while_it_lives_and_gone_after() -> None:
    with Heartbeat("worker"):
        _wait_for(1)
        assert alive(timezone.now(), "worker").count() == 1
        assert "worker" not in missing_kinds(timezone.now())

    assert Process.objects.count() == 0
    assert "worker" in missing_kinds(timezone.now())


def _wait_for(count: int) -> None:
    deadline = time.monotonic() + 10
    while Process.objects.count() != count and time.monotonic() < deadline:
        time.sleep(0.05)
