"""The parts of an installation: what starts each, and how to tell that it is ready."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from campaign_site.processes.orphan import SUPERVISOR
from installation.models import Process

MANAGE = Path(settings.BASE_DIR) / "manage.py"


@dataclass(frozen=True)
class Part:
    """`ready` is asked until it answers a text for the status line; `seconds_to_stop` is granted after SIGTERM."""

    name: str
    arguments: list[str]
    ready: Callable[[datetime], str | None]
    seconds_to_stop: float = 15
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), *self.arguments]


def installation_parts() -> list[Part]:
    """Web, worker, beat and MTA, in the order in which they start."""
    return [
        Part("web", ["web"], _web_ready),
        Part("worker", ["worker"], _process_ready(Process.Kind.WORKER)),
        Part("beat", ["beat"], _process_ready(Process.Kind.BEAT)),
        Part(
            "mta",
            ["mta", "start"],
            _process_ready(Process.Kind.MTA),
            seconds_to_stop=settings.MTA_DRAIN_SECONDS + 10,
        ),
    ]


def _web_ready(since: datetime) -> str | None:
    address = f"http://127.0.0.1:{settings.PORT}"
    try:
        with urllib.request.urlopen(f"{address}/health/live", timeout=2):
            return settings.BASE_URL
    except (urllib.error.URLError, OSError):
        return None


def _process_ready(kind: str) -> Callable[[datetime], str | None]:
    def ready(since: datetime) -> str | None:
        process = Process.objects.filter(kind=kind, heartbeat_at__gte=since).order_by("-started_at").first()
        return _("process %(pid)d") % {"pid": process.pid} if process else None

    return ready


def child_environment(part: Part, extra: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **extra, **part.environment, "PYTHONUNBUFFERED": "1", SUPERVISOR: str(os.getpid())}
