"""Waking a worker: the rows say what is due, the message only that somebody should look now."""

from __future__ import annotations

from typing import Any

from django.db import transaction


def ring(task: Any, **kwargs: Any) -> None:
    """Wake the Celery task after the commit. A broker that is away loses a doorbell, never the request: sweeps come."""
    transaction.on_commit(lambda: task.apply_async(kwargs=kwargs, retry=False), robust=True)
