"""The query editor's questions, answered as JSON: what there is to ask, how many people, who, in which words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from common.errors import Invalid, Refused
from recipients.filters import FilterContext, validate
from recipients.filters.saved import default_values
from recipients.models import Recipient, SavedFilter
from recipients.query.catalogue import catalogue
from recipients.query.counting import EXACT, LIVE, count
from recipients.query.plan import heavy_scan
from recipients.query.preview import preview
from recipients.query.saved import save_filter
from recipients.query.time_box import OutOfTime
from recipients.query.values import values
from recipients.query.waterfall import waterfall
from recipients.query.words import words

PERMISSION = "recipients.view_recipient"
PREFIX = "recipients_query"
Answer = dict[str, Any]


def query_urls() -> dict[str, str]:
    """The addresses that `mountQueryEditor` is given as `urls`."""
    return {name: reverse(f"admin:{PREFIX}_{name}") for name in VIEWS}


def url_patterns() -> list[URLPattern]:
    return [path(f"query/{name}/", view, name=f"{PREFIX}_{name}") for name, view in VIEWS.items()]


def _for_staff(answer: Callable[[HttpRequest], Answer]) -> Callable[[HttpRequest], HttpResponse]:
    """Only for people who may see recipients; what a service refuses is a 400 that names the place."""

    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff and request.user.has_perm(PERMISSION)):
            return JsonResponse({"code": "permission_denied", "detail": _("You may not see recipients.")}, status=403)
        try:
            return JsonResponse(answer(request))
        except Refused as error:
            return JsonResponse({"code": error.code, "detail": str(error), "fields": error.fields}, status=400)
        except OutOfTime:
            message = _("This takes too long. Make the filter narrower, or count a part of it.")
            return JsonResponse({"code": "out_of_time", "detail": message}, status=503)

    return view


class Question:
    """What the editor posts: {"filter", "parameters"?: declarations of a saved filter, "instant"?}."""

    def __init__(self, request: HttpRequest) -> None:
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise Invalid(_("This is not JSON.")) from error
        if not isinstance(body, dict):
            raise Invalid(_("An object is needed here."))
        self.body: Mapping[str, Any] = body
        self.filter = body.get("filter")
        declared = body.get("parameters")
        self.parameters = default_values(declared) if isinstance(declared, list) and declared else None
        self.context = FilterContext(_instant(body.get("instant")), timezone.get_default_timezone())

    def check(self) -> None:
        validate(self.filter, existing=True, parameters=self.parameters)


def _instant(text: Any) -> datetime:
    found = parse_datetime(text) if isinstance(text, str) else None
    if found is None:
        return timezone.now()
    return found if found.tzinfo else timezone.make_aware(found)


@require_GET
@_for_staff
def catalogue_view(request: HttpRequest) -> Answer:
    return catalogue()


@require_POST
@csrf_protect
@_for_staff
def count_view(request: HttpRequest) -> Answer:
    """`"mode": "exact"` waits longer. {"count", "how", "text", "base", "warning", "words"}."""
    question = Question(request)
    question.check()
    patience = EXACT if question.body.get("mode") == "exact" else LIVE
    found = count(question.filter, question.context, patience, question.parameters)
    return {
        "count": found.number,
        "how": found.how,
        "text": found.text(),
        "warning": heavy_scan(question.filter, question.context, question.parameters),
        "words": words(question.filter),
    }


@require_POST
@csrf_protect
@_for_staff
def waterfall_view(request: HttpRequest) -> Answer:
    """{"steps": {"all.0": {"alone", "so_far", "sampled"}}}."""
    question = Question(request)
    question.check()
    patience = EXACT if question.body.get("mode") == "exact" else LIVE
    steps = waterfall(question.filter, question.context, patience, question.parameters)
    return {
        "steps": {step.path: {"alone": step.alone, "so_far": step.so_far, "sampled": step.sampled} for step in steps}
    }


@require_POST
@csrf_protect
@_for_staff
def preview_view(request: HttpRequest) -> Answer:
    """{"people": [{"id", "label", "email", "url"}]}: at most twenty."""
    question = Question(request)
    question.check()
    people = preview(question.filter, question.context, question.parameters)
    return {"people": [_person(row) for row in people]}


def _person(row: Recipient) -> Answer:
    url = reverse("admin:recipients_recipient_change", args=[row.pk])
    return {"id": row.pk, "label": str(row), "email": row.email, "url": url}


@require_POST
@csrf_protect
@_for_staff
def words_view(request: HttpRequest) -> Answer:
    """{"words"}; 400 says what is wrong with the filter, and where."""
    question = Question(request)
    question.check()
    return {"words": words(question.filter)}


@require_GET
@_for_staff
def values_view(request: HttpRequest) -> Answer:
    """`?source=…&q=…`: {"values": [{"value", "label"}]}; `&ids=1,2` asks for the labels of these rows instead."""
    numbers = [int(text) for text in request.GET.get("ids", "").split(",") if text.isdecimal() and len(text) < 19]
    return {"values": values(request.GET.get("source", ""), request.GET.get("q", "")[:100], numbers)}


@require_POST
@csrf_protect
@_for_staff
def saved_view(request: HttpRequest) -> Answer:
    """Save the filter under a name: {"label", "filter", "description"?, "parameters"?} → {"id", "label"}."""
    if not request.user.has_perm("recipients.add_savedfilter"):
        raise Invalid(_("You may not save filters."))
    question = Question(request)
    row: SavedFilter = save_filter(
        label=str(question.body.get("label") or ""),
        document=question.filter,
        parameters=question.body.get("parameters") or [],
        description=str(question.body.get("description") or ""),
        user=request.user,
    )
    return {"id": row.pk, "label": row.label, "description": row.description, "parameters": row.parameters}


VIEWS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "catalogue": catalogue_view,
    "count": count_view,
    "waterfall": waterfall_view,
    "preview": preview_view,
    "values": values_view,
    "words": words_view,
    "saved": saved_view,
}
