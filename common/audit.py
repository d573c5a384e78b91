"""Who did what to which object: told at the edges (admin, API, commands), kept by whoever registers as recorder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from common.registry import Registry

ADMIN, API, COMMAND = "admin", "api", "command"


@dataclass(frozen=True)
class Deed:
    """One thing done to one row. `user` is None for a command; `action` is the service's verb (`stop_series`)."""

    row: Any
    action: str
    origin: str
    user: Any
    at: datetime
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Recorder(Protocol):
    def __call__(self, deed: Deed) -> None: ...


recorders: Registry[Recorder] = Registry("audit recorders")


def record(deed: Deed) -> None:
    """Tell every recorder."""
    for recorder in recorders:
        recorder(deed)
