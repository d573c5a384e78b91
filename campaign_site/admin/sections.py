"""A section of the sidebar as a page: everything in it that this user may open."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from campaign_site.admin.navigation import ADMINISTRATION
from common.navigation import current_section, sections, sections_for


def section_page(request: HttpRequest, code: str) -> HttpResponse:
    shown = dict(sections_for(request))
    if code not in shown:
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": shown[code].label,
        "models": models_of(request, code),
        "section_code": code,
    }
    return TemplateResponse(request, "admin/section.html", context)


def models_of(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """Django's descriptions of the tables of a section (`name`, `admin_url`, `add_url`), those of one app together."""
    everything = dict(sections.items())
    found = [model for app in admin.site.get_app_list(request) for model in app["models"]]
    return [
        model
        for model in found
        if model["admin_url"] and (current_section(model["admin_url"], everything) or ADMINISTRATION) == code
    ]
