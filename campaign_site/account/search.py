"""What "Search or go to" finds: one look-up per kind of thing, each of them cheap, for what the user may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deliveries.models import Delivery, DeliveryTemplate
from operations.models import Operation, Workflow
from recipients.models import Recipient, RecipientList

PER_KIND = 8
LONGEST = 200
Rows = QuerySet[Any, Any]


@dataclass(frozen=True)
class Kind:
    """`find` answers the rows that match; None where these words can't be of this kind."""

    model: type[Model]
    icon: str
    find: Callable[[str], Rows | None]
    # What is shown beside the label.
    hint: Callable[[Any], str] = lambda row: ""


def _by_label(model: type[Any]) -> Callable[[str], Rows | None]:
    def find(words: str) -> Rows | None:
        if "@" in words:
            return None
        rows: Rows = model.objects.filter(label__icontains=words).order_by("-pk")
        return rows

    return find


def _recipients(words: str) -> Rows | None:
    """By the whole address or the number: anything less would read the whole table."""
    if "@" in words:
        return Recipient.objects.alias(address=Lower("email")).filter(address=words.lower()).order_by("pk")
    number = words.removeprefix("#")
    if number.isdecimal() and len(number) < 19:
        return Recipient.objects.filter(pk=int(number))
    return None


KINDS = (
    Kind(Operation, "target", _by_label(Operation)),
    Kind(Workflow, "workflow", _by_label(Workflow)),
    Kind(Delivery, "send", _by_label(Delivery), hint=lambda row: str(row.get_state_display())),
    Kind(DeliveryTemplate, "layout-template", _by_label(DeliveryTemplate)),
    Kind(Recipient, "user", _recipients, hint=lambda row: row.email),
    Kind(RecipientList, "list", _by_label(RecipientList)),
)


@require_safe
@never_cache
@admin.site.admin_view
def search(request: HttpRequest) -> HttpResponseBase:
    """{"results": [{"kind", "label", "url", "icon", "hint"}]}, at most eight of a kind."""
    words = request.GET.get("q", "").strip()[:LONGEST]
    return JsonResponse({"results": list(_results(request, words)) if words else []})


def _results(request: HttpRequest, words: str) -> Iterator[dict[str, str]]:
    for kind in KINDS:
        rows = kind.find(words) if _may_see(request, kind.model) else None
        for row in rows[:PER_KIND] if rows is not None else []:
            yield {
                "kind": capfirst(str(kind.model._meta.verbose_name_plural)),
                "label": str(row),
                "url": _address(row),
                "icon": kind.icon,
                "hint": kind.hint(row),
            }


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    page = admin.site._registry.get(model)
    return page is not None and page.has_view_or_change_permission(request)


def _address(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
