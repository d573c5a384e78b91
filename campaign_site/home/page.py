"""The home page, at the address of the admin's index, and the part of it that is asked for again and again."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaign_site.home.cards import LIVE, cards_of
from campaign_site.home.sentence import sentence_of
from campaign_site.home.viewpoint import Context, Viewpoint, viewpoint_of


def home_page(request: HttpRequest) -> HttpResponse:
    view = viewpoint_of(request, timezone.now())
    cards = cards_of(view)
    context = {
        **admin.site.each_context(request),
        **_shared(view, cards),
        "title": _("Home"),
        "heading": date_format(view.today, "l j F"),
        "programs": view.programs,
        "may_add_operation": view.may("operations.add_operation"),
    }
    return TemplateResponse(request, "admin/index.html", context)


def live_part(request: HttpRequest) -> HttpResponse:
    """The regions of the page that change by themselves."""
    view = viewpoint_of(request, timezone.now())
    return TemplateResponse(request, "admin/home/live.html", _shared(view, cards_of(view, LIVE)))


def _shared(view: Viewpoint, cards: dict[str, Context]) -> Context:
    progress = cards.get("in_progress", {})
    return {
        "cards": cards,
        "view": view,
        "program": view.program,
        "live_query": view.address(),
        "sentence": sentence_of(view, cards),
        "is_moving": bool(progress.get("number")),
    }
