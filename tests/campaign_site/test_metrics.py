from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from deliveries.models import DeliveryState
from installation.models import Process
from installation.processes import register_process
from tests.deliveries.rows import make_started
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z_]+="[a-z_]+"\})? (\d+)$')


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(seconds=5)


def samples(client: Client) -> dict[str, int]:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    matches = [SAMPLE.match(line) for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {match[1] + (match[2] or ""): int(match[3]) for match in matches if match is not None}


def test_metrics_tell_what_is_alive_at_work_and_due(client: Client, now: datetime) -> None:
    make_recipients(3)
    make_started(now)
    register_process(kind=Process.Kind.MTA, name="default", now=now)
    register_process(kind=Process.Kind.WEB, name="dead", now=now - timedelta(hours=1))

    read = samples(client)

    assert read['diffusion_processes{kind="mta"}'] == 1
    assert read['diffusion_processes{kind="web"}'] == 0
    assert read['diffusion_deliveries{state="in_progress"}'] == 1
    assert read['diffusion_messages{status="pending"}'] == 3
    assert read["diffusion_due_parts"] == 1
    assert read["diffusion_idle_transaction_seconds"] == 0


def test_a_delivery_that_is_over_is_no_more_at_work(client: Client, now: datetime) -> None:
    make_recipients(3)
    delivery = make_started(now)
    type(delivery).objects.update(state=DeliveryState.FINISHED)

    assert samples(client)['diffusion_messages{status="pending"}'] == 0


def test_metrics_cost_the_same_whatever_was_sent(client: Client, now: datetime, django_assert_num_queries: Any) -> None:
    make_recipients(20)
    for _ in range(3):
        make_started(now)

    with django_assert_num_queries(4) as queries:
        samples(client)

    assert not [query for query in queries if "broadlog" in query["sql"]]


def test_without_a_database_there_are_no_metrics(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("campaign_site.metrics.processes.alive", refuse)

    assert client.get("/metrics").status_code == 503
