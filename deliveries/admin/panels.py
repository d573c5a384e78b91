"""Panels of the delivery page: apps downstream register theirs, and the page shows them below its own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from common.registry import Registry
from deliveries.models import Delivery

# (request, delivery) -> safe HTML, or "" to show nothing.
Panel = Callable[[HttpRequest, Delivery], str]
delivery_panels: Registry[Panel] = Registry("delivery panels")
