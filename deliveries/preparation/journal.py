"""The analysis' log: what was found and how long it took, in the order in which it happened."""

from __future__ import annotations

from datetime import datetime

from common.sentences import columns
from deliveries.models import Preparation, PreparationLog

Level = PreparationLog.Level


def write(preparation: Preparation, message: object, *, now: datetime, level: str = Level.INFO) -> None:
    """Write a line: a Sentence, or a text that has no translation."""
    PreparationLog.objects.create(preparation=preparation, at=now, level=level, **columns(message))


def has_warnings(preparation: Preparation) -> bool:
    """Warnings of this attempt, not of one that failed before."""
    return preparation.log.filter(level=Level.WARNING, at__gte=preparation.requested_at).exists()
