"""What apps downstream show of an operation on its page: tiles, panels below its own, and what asks for a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from common.registry import Registry
from operations.models import Operation


@dataclass(frozen=True)
class Tile:
    """One figure; `caption` says what it counts, or what it is compared with."""

    label: Any
    figure: str
    caption: Any = ""


@dataclass(frozen=True)
class Decision:
    """Something that only a person can end: the cause, its evidence in one line, and one remedy."""

    title: Any
    evidence: Any
    remedy: Any
    url: str
    # Tone and icon of the design system.
    tone: str = "warn"
    icon: str = "triangle-alert"


# (request, operation) -> safe HTML, or "" to show nothing.
Panel = Callable[[HttpRequest, Operation], str]
operation_panels: Registry[Panel] = Registry("operation panels")
operation_tiles: Registry[Callable[[HttpRequest, Operation], Iterable[Tile]]] = Registry("operation tiles")
operation_decisions: Registry[Callable[[HttpRequest, Operation], Iterable[Decision]]] = Registry("operation decisions")
