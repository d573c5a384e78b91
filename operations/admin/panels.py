"""Panels of the operation page: apps downstream register theirs, and the page shows them below its own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from common.registry import Registry
from operations.models import Operation

# (request, operation) -> safe HTML, or "" to show nothing.
Panel = Callable[[HttpRequest, Operation], str]
operation_panels: Registry[Panel] = Registry("operation panels")
