"""What beat asks of the installation."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from installation.retention import purge

# A worker that deletes does nothing else: the rest waits for the next hour.
SECONDS_OF_PURGE = 60.0


@shared_task(name="installation.purge")
def purge_old(**kwargs: Any) -> None:
    """Delete what the retention options say is too old."""
    for _purged in purge(now=timezone.now(), seconds=SECONDS_OF_PURGE):
        pass
