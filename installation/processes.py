"""Heartbeats: which processes are alive, and which are missing."""

from __future__ import annotations

import os
import resource
import secrets
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import models

from installation.models import Process

HEARTBEAT_EVERY = timedelta(seconds=5)
ALIVE_WITHIN = timedelta(seconds=30)
FORGET_AFTER = timedelta(days=1)


def register_process(
    *, kind: str, name: str, now: datetime, affinities: Iterable[str] = (), uid: str | None = None
) -> Process:
    """Announce this process; the row is its identity until `withdraw`."""
    Process.objects.filter(heartbeat_at__lt=now - FORGET_AFTER).delete()
    return Process.objects.create(
        uid=uid or secrets.token_hex(8),
        kind=kind,
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        memory_mb=memory_mb(),
        affinities=sorted(affinities),
        started_at=now,
        heartbeat_at=now,
        progressed_at=now,
    )


def beat(process: Process, *, now: datetime, progressed_at: datetime | None = None) -> bool:
    """Renew the heartbeat; False when somebody asked this process to stop."""
    values: dict[str, object] = {"heartbeat_at": now, "memory_mb": memory_mb()}
    if progressed_at is not None:
        values["progressed_at"] = progressed_at
    if not Process.objects.filter(pk=process.pk).update(**values):
        process.pk = None
        process.heartbeat_at = now
        process.save(force_insert=True)
        return True
    return not Process.objects.filter(pk=process.pk, stop_requested=True).exists()


def withdraw(process: Process) -> None:
    Process.objects.filter(pk=process.pk).delete()


def alive(now: datetime, kind: str | None = None) -> models.QuerySet[Process]:
    rows = Process.objects.filter(heartbeat_at__gte=now - ALIVE_WITHIN)
    return rows.filter(kind=kind) if kind else rows


def missing_kinds(now: datetime) -> list[str]:
    """The kinds of which no process is alive, in the order of Process.Kind."""
    present = set(alive(now).values_list("kind", flat=True))
    return [kind for kind in Process.Kind.values if kind not in present]


def memory_mb() -> float:
    """Resident memory of this process in MB."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1_048_576
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
