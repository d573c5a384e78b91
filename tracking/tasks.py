"""The sweep that keeps counters up to date; lost or doubled, it changes nothing."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from tracking.consolidation import consolidate_due


@shared_task(name="tracking.sweep")
def sweep(**kwargs: Any) -> None:
    consolidate_due(timezone.now())
