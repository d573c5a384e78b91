"""The page, and the way to it: a delivery is chosen by its number or a part of its label."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from deliveries.admin.why.aside import history_of, other_deliveries, others_dropped, remedies
from deliveries.admin.why.verdict import verdict_of
from deliveries.admin.why.way import as_text, decider_of, marks_of
from deliveries.explain import LEFT, explain_recipient, rows_of_person, runs_of_person
from deliveries.models import Delivery
from operations.explain import is_forgotten
from recipients.models import Recipient

RIGHTS = ("deliveries.view_delivery", "recipients.view_recipient")
FOUND = 20


def why_urls(admin: ModelAdmin[Any]) -> list[URLPattern]:
    site = admin.admin_site

    def why(request: HttpRequest, pk: int, recipient: int) -> HttpResponseBase:
        return _why(request, pk, recipient, site.each_context(request))

    def look_up(request: HttpRequest, recipient: int) -> HttpResponseBase:
        return _look_up(request, recipient, site.each_context(request))

    return [
        path("<int:pk>/why/<int:recipient>/", site.admin_view(why), name="deliveries_delivery_why"),
        path("why/<int:recipient>/", site.admin_view(look_up), name="deliveries_delivery_why_lookup"),
    ]


def _why(request: HttpRequest, pk: int, recipient: int, frame: dict[str, Any]) -> HttpResponseBase:
    _require(request)
    delivery = get_object_or_404(Delivery.objects.select_related("workflow_run__workflow"), pk=pk)
    person = get_object_or_404(Recipient, pk=recipient)
    rows = rows_of_person(delivery, person.pk)
    steps = explain_recipient(delivery, person.pk)
    has_left = any(row.status in LEFT for row in rows)
    decider = None if has_left else decider_of(steps)
    runs = runs_of_person(delivery, rows)
    verdict = verdict_of(delivery, rows, steps, decider)
    marks = marks_of(steps, decider)
    question = _("Why received?") if verdict.is_reached else _("Why not received?")
    head = [f"{question} {person} (#{person.pk}) · {delivery} (DM{delivery.pk})", f"{verdict.title}. {verdict.reason}"]
    context = {
        **frame,
        "title": question,
        "delivery": delivery,
        "person": person,
        "verdict": verdict,
        "marks": marks,
        "text": as_text(head, marks),
        "history": history_of(rows) if verdict.is_reached or not decider else [],
        "remedies": [] if verdict.is_reached else remedies(rows, decider),
        "others": others_dropped(delivery, rows),
        "rows": rows,
        "runs": runs,
        "is_forgotten": any(is_forgotten(run) for run in runs),
        "deliveries": other_deliveries(delivery, person.pk),
    }
    return TemplateResponse(request, "admin/deliveries/why/page.html", context)


def _look_up(request: HttpRequest, recipient: int, frame: dict[str, Any]) -> HttpResponseBase:
    """`?delivery=` is a number (“1047”, “DM1047”) or a part of a label; one that is found is shown at once."""
    _require(request)
    person = get_object_or_404(Recipient, pk=recipient)
    term = request.GET.get("delivery", "").strip()
    found = list(_find(term)) if term else []
    if len(found) == 1:
        return HttpResponseRedirect(reverse("admin:deliveries_delivery_why", args=[found[0].pk, person.pk]))
    context = {**frame, "title": _("Why not this delivery?"), "person": person, "term": term, "found": found}
    return TemplateResponse(request, "admin/deliveries/why/look_up.html", context)


def _find(term: str) -> Any:
    number = term.upper().removeprefix("DM")
    if number.isdecimal():
        return Delivery.objects.filter(pk=int(number[:18]))
    return Delivery.objects.filter(label__icontains=term).order_by("-pk")[:FOUND]


def _require(request: HttpRequest) -> None:
    if not all(request.user.has_perm(right) for right in RIGHTS):
        raise PermissionDenied
