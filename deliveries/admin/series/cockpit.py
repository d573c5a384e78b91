"""The first tab of a series: a year of it at a glance, and what comes next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deliveries.admin.preview import find_recipient
from deliveries.admin.series import ending
from deliveries.admin.series.compare import comparison_of
from deliveries.admin.series.figures import chart_of, latest, tiles_of
from deliveries.admin.series.runs import Plan, plan_of
from deliveries.admin.series.table import lines_of, page_of
from deliveries.models import DeliverySeries, DeliveryTemplate


def cockpit(request: HttpRequest, series: DeliverySeries) -> dict[str, Any]:
    occurrences = latest(series)
    page = page_of(series, request.GET.get("page", ""))
    plan = plan_of(series, timezone.now())
    is_over = not ending.is_running(series)
    return {
        "tiles": tiles_of(series, occurrences) if occurrences else [],
        "chart": chart_of(series, occurrences) if occurrences else "",
        "page": page,
        "lines": lines_of(series, page),
        "comparison": comparison_of(series, request.GET),
        "compared": request.GET.getlist("compare"),
        "plan": plan,
        "first_occurrence": _first_occurrence(plan),
        "is_over": is_over,
        "stop": ending.stopped_by(series) if is_over else None,
        "workflow": series.activity.workflow,
        "rehearsal_url": _rehearsal_url(series),
    }


def _first_occurrence(plan: Plan) -> str:
    """When a series without occurrences gets its first one."""
    if not plan.runs:
        return _("The first run of the workflow that finds somebody makes the first one.")
    first = plan.runs[0]
    return _("The first one is created on %(day)s at %(time)s.") % {"day": first.day, "time": first.local}


def _rehearsal_url(series: DeliverySeries) -> str:
    try:
        return reverse("admin:operations_workflow_rehearsal", args=[series.activity.workflow_id])
    except NoReverseMatch:
        return ""


def next_content(request: HttpRequest, series: DeliverySeries) -> dict[str, Any]:
    """The content that the next occurrence copies, as one person will get it."""
    return {
        "template": DeliveryTemplate.objects.filter(activity=series.activity_id).first(),
        "seen_as": request.GET.get("recipient", ""),
        "person": find_recipient(request.GET.get("recipient", "")),
        "is_text": request.GET.get("part") == "text",
    }
