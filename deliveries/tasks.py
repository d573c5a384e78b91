"""Doorbells: each wakes a picker; a lost or doubled one changes nothing, the sweep does the same."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from deliveries.lifecycle import settle_due, start_due_deliveries
from deliveries.preparation.pipeline import prepare_due


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
