"""Doorbells: each wakes a picker; a lost or doubled one changes nothing, the sweep does the same."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from deliveries.inbound.visits import sources_to_read, visit
from deliveries.lifecycle import settle_due, start_due_deliveries
from deliveries.preparation.pipeline import prepare_due
from recipients.quarantine import release_after_time

# A worker that reads mails does nothing else: what is left waits for the next visit.
SECONDS_OF_A_VISIT = 45.0


@shared_task(name="deliveries.prepare")
def prepare(**kwargs: Any) -> None:
    now = timezone.now()
    prepare_due(now)
    start_due_deliveries(now)


@shared_task(name="deliveries.sweep")
def sweep(**kwargs: Any) -> None:
    now = timezone.now()
    start_due_deliveries(now)
    settle_due(now)


@shared_task(name="deliveries.read_inbound")
def read_inbound(**kwargs: Any) -> None:
    """Read the mails that came back."""
    sources = sources_to_read()
    visit(sources, clock=timezone.now, seconds=SECONDS_OF_A_VISIT / max(len(sources), 1))


@shared_task(name="deliveries.release_quarantine")
def release_quarantine(**kwargs: Any) -> None:
    """Forget errors long past and release mailboxes that were full."""
    release_after_time(timezone.now())
