"""The line of every page that says whether all processes live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.utils import timezone

from installation.models import Process
from installation.processes import ALIVE_WITHIN

register = template.Library()


@dataclass(frozen=True)
class Health:
    """`missing`: the kinds of the processes that should live and don't, one for each."""

    alive: int
    missing: list[str]

    @property
    def total(self) -> int:
        return self.alive + len(self.missing)

    @property
    def tone(self) -> str:
        return "warn" if self.missing else "ok"


@register.simple_tag
def processes_health() -> Health:
    """One query."""
    rows = Process.objects.order_by("kind", "name").values_list("kind", "host", "name", "heartbeat_at")
    return health_of(rows, now=timezone.now())


def health_of(rows: Iterable[tuple[str, str, str, datetime]], *, now: datetime) -> Health:
    """Missing is one that stopped beating with none of its name in its place, and a kind of which there is none."""
    known = list(rows)
    living = [row for row in known if row[3] >= now - ALIVE_WITHIN]
    names = {row[:3] for row in living}
    lost = [row[0] for row in known if row[:3] not in names]
    never = [kind for kind in Process.Kind.values if kind not in {row[0] for row in known}]
    return Health(len(living), [str(Process.Kind(kind).label) for kind in [*lost, *never]])
