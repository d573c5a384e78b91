"""`{% load saved_views %}{% saved_views cl %}`: the saved views of a list, as chips above it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import template
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR, ChangeList

from installation.saved_views import views_for

register = template.Library()
# Where in the list one stands is no part of the view.
PASSING = {PAGE_VAR, ALL_VAR, "_changelist_filters", "_facets"}


@register.inclusion_tag("admin/includes/saved_views.html", takes_context=True)
def saved_views(context: template.Context, cl: ChangeList) -> dict[str, Any]:
    request = context["request"]
    query = _lasting(request.GET.urlencode())
    views = list(views_for(user_id=request.user.pk, model=cl.opts.label_lower))
    here = _as_set(query)
    return {
        "views": [(view, _as_set(view.query) == here, view.owner_id == request.user.pk) for view in views],
        "model": cl.opts.label_lower,
        "query": query,
        # Everything as it comes is no view to keep.
        "can_save": bool(here) and not any(_as_set(view.query) == here for view in views),
        "is_all": not here,
    }


def _lasting(query: str) -> str:
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in PASSING])


def _as_set(query: str) -> set[tuple[str, str]]:
    return set(parse_qsl(query))
