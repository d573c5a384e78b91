"""GET /metrics, for Prometheus: what is alive, what is at work and what is due. It reads counters and parts, no log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.sql import fetch_value
from deliveries.models import Delivery, DeliveryPart, DeliveryState, PartState
from deliveries.models.delivery import FINAL_STATES
from installation import processes
from installation.models import Process

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_IDLE = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
WHERE datname = current_database() AND state IN ('idle in transaction', 'idle in transaction (aborted)')
"""


def metrics(request: HttpRequest) -> HttpResponse:
    try:
        lines = list(_lines(timezone.now()))
    except DatabaseError:
        return HttpResponse("# The database is unreachable.\n", content_type=CONTENT_TYPE, status=503)
    return HttpResponse("\n".join(lines) + "\n", content_type=CONTENT_TYPE)


def _lines(now: datetime) -> Iterator[str]:
    yield from _gauge("diffusion_processes", "Processes whose heartbeat is fresh.", "kind", _alive(now))
    yield from _gauge("diffusion_deliveries", "Deliveries that are not over.", "state", _deliveries_at_work())
    yield from _gauge("diffusion_messages", "Messages of the deliveries that are not over.", "status", _messages())
    due = DeliveryPart.objects.filter(state=PartState.DUE, due_at__lte=now).count()
    yield from _metric("diffusion_due_parts", "Parts that a sender may claim now.", [("", due)])
    about = "Age of the oldest transaction in which somebody idles, of those that the database shows us."
    yield from _metric("diffusion_idle_transaction_seconds", about, [("", idle_transaction_seconds())])


def idle_transaction_seconds() -> int:
    """Ours are ended after minutes; another's keeps what is updated from being cleared away. SQLite has none."""
    return int(fetch_value(_IDLE)) if connection.vendor == "postgresql" else 0


def _alive(now: datetime) -> dict[str, int]:
    rows = processes.alive(now).values_list("kind").annotate(count=Count("pk"))
    return dict.fromkeys(Process.Kind.values, 0) | dict(rows)


def _deliveries_at_work() -> dict[str, int]:
    rows = _at_work().values_list("state").annotate(count=Count("pk"))
    states = {state.slug: 0 for state in DeliveryState if state not in FINAL_STATES}
    return states | {DeliveryState(state).slug: count for state, count in rows}


def _messages() -> dict[str, int]:
    sums = _at_work().aggregate(**{f"sum_{name}": Sum(name) for name in Delivery.STATUS_COUNTERS})
    return {name: sums[f"sum_{name}"] or 0 for name in Delivery.STATUS_COUNTERS}


def _at_work() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__lt=DeliveryState.STOPPED).order_by()


def _gauge(name: str, help: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield from _metric(name, help, [(f'{{{label}="{value}"}}', count) for value, count in values.items()])


def _metric(name: str, help: str, samples: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        yield f"{name}{labels} {value}"
