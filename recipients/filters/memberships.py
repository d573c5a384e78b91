"""What other tables say about a person: member of a list, subscriber of a service, behaviour in deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from recipients.filters.behaviours import behaviours
from recipients.filters.context import FilterContext
from recipients.filters.errors import FilterError, Path
from recipients.filters.shape import refuse_unknown_keys
from recipients.filters.values import read_days, read_id
from recipients.models import RecipientListMember, Subscription

SCOPES = ("delivery", "series", "operation")


def compile_in_list(node: dict[str, Any], context: FilterContext, path: Path) -> Q:
    refuse_unknown_keys(node, {"in_list"}, path)
    chosen = read_id(node["in_list"], (*path, "in_list"))
    return Q(Exists(RecipientListMember.objects.filter(recipient_list_id=chosen, recipient_id=OuterRef("pk"))))


def compile_subscribed_to(node: dict[str, Any], context: FilterContext, path: Path) -> Q:
    refuse_unknown_keys(node, {"subscribed_to"}, path)
    chosen = read_id(node["subscribed_to"], (*path, "subscribed_to"))
    return Q(Exists(Subscription.objects.filter(service_id=chosen, recipient_id=OuterRef("pk"))))


def compile_behaviour(node: dict[str, Any], context: FilterContext, path: Path) -> Q:
    refuse_unknown_keys(node, {"delivery", "of", "days"}, path)
    code = node["delivery"]
    if not isinstance(code, str) or code not in behaviours:
        message = _("Unknown behaviour: %(name)s; there are %(names)s.")
        names = ", ".join(behaviours.codes())
        raise FilterError(message % {"name": str(code)[:100], "names": names}, (*path, "delivery"))
    since = None
    if "days" in node:
        since = context.instant - timedelta(days=read_days(node["days"], (*path, "days")))
    rows = behaviours.get(code)(of=_scope(node, path), since=since)
    return Q(Exists(rows.filter(recipient_id=OuterRef("pk"))))


def _scope(node: dict[str, Any], path: Path) -> Mapping[str, int] | None:
    if "of" not in node:
        return None
    scope, place = node["of"], (*path, "of")
    if not isinstance(scope, dict) or len(scope) != 1:
        raise FilterError(_("Exactly one of %(names)s is needed here.") % {"names": ", ".join(SCOPES)}, place)
    refuse_unknown_keys(scope, SCOPES, place)
    return {name: read_id(value, (*place, name)) for name, value in scope.items()}
