"""The activity types as the palette and the panel know them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.workflow.base import ActivityType, Scope
from operations.workflow.document import Node
from operations.workflow.graph import outlets_of
from operations.workflow.permission import may_draw
from operations.workflow.registry import activity_types
from operations.workflow.schema import form_schema

CATEGORIES = {
    "targeting": gettext_lazy("Targeting"),
    "flow": gettext_lazy("Flow"),
    "deliveries": gettext_lazy("Deliveries"),
    "data": gettext_lazy("Data"),
    "actions": gettext_lazy("Actions"),
}
FAMILIES = {"targeting": "targeting", "flow": "flow", "deliveries": "sending"}
OUTLETS = {
    "out": gettext_lazy("Result"),
    "rest": gettext_lazy("Remainder"),
    "else": gettext_lazy("Otherwise"),
}
User = AbstractBaseUser | AnonymousUser


def type_documents(scope: Scope, user: User) -> list[dict[str, Any]]:
    return [_document(activity_type(), scope, user) for activity_type in activity_types]


def categories() -> list[list[str]]:
    """Those that have a type, in the order of the palette."""
    used = {activity_type.category: None for activity_type in activity_types}
    codes = [*(code for code in CATEGORIES if code in used), *(code for code in used if code not in CATEGORIES)]
    return [[code, str(CATEGORIES.get(code, code))] for code in codes]


def _document(activity_type: ActivityType, scope: Scope, user: User) -> dict[str, Any]:
    fields = form_schema(activity_type, scope)
    defaults = {field["name"]: fresh for field in fields if (fresh := field.pop("fresh", field["initial"])) is not None}
    outlets = outlets_of(Node("", activity_type.code, "", 0, 0, defaults)) or []
    why_not = _why_not(activity_type, scope, user)
    names = ("code", "category", "icon", "minimum_inbound", "maximum_inbound", "may_end_branch", "is_scheduler")
    return {
        **{name: getattr(activity_type, name) for name in names},
        "label": str(activity_type.label),
        "description": str(activity_type.description),
        "family": FAMILIES.get(activity_type.category, "data"),
        "needs_all_inbound": activity_type.needs_all_inbound,
        "allowed": not why_not,
        "why_not": why_not,
        "fields": fields,
        "defaults": defaults,
        "outlets": outlets,
        "outlet_labels": outlet_labels(outlets),
        "explanation": str(activity_type.explanation(defaults)),
    }


def outlet_labels(outlets: list[str]) -> dict[str, str]:
    """Names that people gave are shown as they are."""
    return {name: str(OUTLETS.get(name, name)) for name in outlets}


def _why_not(activity_type: ActivityType, scope: Scope, user: User) -> str:
    if activity_type.needs_operation and scope.operation is None:
        return _("Exists only in the workflow of an operation.")
    if not may_draw(activity_type, user):
        return _("You have no permission for this activity.")
    return ""
