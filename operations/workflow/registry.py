"""The activity types, registered by the apps that define them."""

from __future__ import annotations

from common.registry import Registry
from operations.workflow.base import ActivityType

activity_types: Registry[type[ActivityType]] = Registry("activity types")


def register(activity_type: type[ActivityType]) -> type[ActivityType]:
    """Class decorator: `@register class Query(ActivityType): code = "query"`."""
    activity_types.add(activity_type.code, activity_type)
    return activity_type


def get_type(code: str) -> ActivityType:
    """An instance of the type with this code; UnknownCode names those that exist."""
    return activity_types.get(code)()
