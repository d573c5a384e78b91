"""What apps downstream add to this app's documents: actions of an activity, for example its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rest_framework.request import Request
from rest_framework.response import Response

from common.registry import Registry
from operations.models import Activity


@dataclass(frozen=True)
class ActivityAction:
    """POST activities/{id}/<code>/ for whoever has the permission (`app.codename`)."""

    permission: str
    answer: Callable[[Activity, Request], Response]


activity_actions: Registry[ActivityAction] = Registry("activity actions")
