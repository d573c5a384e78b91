"""The first tab: where the delivery is, its account, and what it is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.admin import Tab
from common.charts import sparkline
from common.figures import count, share_of
from deliveries.admin.account import account_of
from deliveries.admin.gauge import gauge_of, is_moving, throughput_chart
from deliveries.admin.panels import delivery_panels
from deliveries.admin.pending import pending_card
from deliveries.complaints import pauses_told
from deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Preparation,
    PreparationLog,
    PreparationState,
)
from deliveries.models.delivery import ANALYSIS_STATES
from deliveries.proofs import refusal
from deliveries.routes import NoRoute, resolve_route
from operations.models import WorkflowState
from operations.timetable import next_instants, scheduler_types

_ACCOUNTED = [
    PreparationState.TARGETED,
    PreparationState.CONTENT_FROZEN,
    PreparationState.READY,
    PreparationState.CONFIRMED,
]
SPARK = 12


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    now = timezone.now()
    return {
        **live_context(request, delivery, now),
        "proof_refusal": refusal(delivery),
        "series": _series(delivery, now),
        "properties": _properties(delivery),
        "proofs": list(delivery.proofs.order_by("-proof_number")[:5]),
        "panels": [html for html in (panel(request, delivery) for panel in delivery_panels) if html],
    }


def live_context(request: HttpRequest, delivery: Delivery, now: datetime) -> dict[str, Any]:
    """What is asked for again and again while the page is open."""
    analyses = list(delivery.preparations.filter(state__in=_ACCOUNTED).order_by("-number"))
    gauge = gauge_of(delivery, now)
    return {
        "delivery": delivery,
        "is_moving": is_moving(delivery),
        "pending": pending_card(request, delivery, now),
        "gauge": gauge,
        "account": account_of(delivery, analyses) if delivery.targeted or analyses else None,
        "throughput": throughput_chart(delivery, gauge["progress"], now),
        "preparation_error": _preparation_error(delivery),
        "paused_by_complaints": _paused_by_complaints(delivery),
        "is_analysing": delivery.state in ANALYSIS_STATES,
    }


def _preparation_error(delivery: Delivery) -> dict[str, Any] | None:
    """What made the last analysis fail, and what else it said."""
    if not delivery.error:
        return None
    last = delivery.preparations.order_by("-number").first()
    wrong = [PreparationLog.Level.ERROR, PreparationLog.Level.WARNING]
    lines = last.log.filter(level__in=wrong).order_by("pk") if isinstance(last, Preparation) else []
    return {"error": delivery.error, "lines": [line for line in lines if line.text != delivery.error]}


def _paused_by_complaints(delivery: Delivery) -> PreparationLog | None:
    is_paused = delivery.state in (DeliveryState.PAUSING, DeliveryState.PAUSED)
    return pauses_told([delivery]).get(delivery.pk) if is_paused else None


def _series(delivery: Delivery, now: datetime) -> dict[str, Any] | None:
    if delivery.kind != DeliveryKind.RECURRING or delivery.series is None:
        return None
    occurrences = list(
        Delivery.objects.filter(series=delivery.series_id, occurrence__lte=delivery.occurrence or 0)
        .order_by("-occurrence")
        .only("label", "occurrence", "contact_date", "created_at", "opened", "sent", "targeted")[:SPARK]
    )
    shares = [row.opened / row.sent if row.sent else None for row in reversed(occurrences)]
    previous = next((row for row in occurrences if row.pk != delivery.pk), None)
    return {
        "row": delivery.series,
        "spark": sparkline(shares),
        "shown": len(occurrences),
        "previous": previous,
        "previous_sent": count(previous.sent) if previous else "",
        "previous_opens": share_of(previous.opened, previous.sent) if previous else "",
        "next": _next_run(delivery, now),
        "goes_on": delivery.series.activity.workflow.state in (WorkflowState.STARTED, WorkflowState.PAUSED),
    }


def _next_run(delivery: Delivery, now: datetime) -> datetime | None:
    """When the workflow of the series runs next, while it is started."""
    if delivery.series is None or delivery.series.activity.workflow.state != WorkflowState.STARTED:
        return None
    schedulers = delivery.series.activity.workflow.activities.filter(type__in=scheduler_types(), retired=False)
    instants = [at for scheduler in schedulers.select_related("workflow") for at in next_instants(scheduler, now, 1)]
    return min(instants, default=None)


def _properties(delivery: Delivery) -> dict[str, Any]:
    version = delivery.content_versions.order_by("-number").only("number", "hash").first()
    try:
        route = resolve_route(delivery)
    except NoRoute:
        route = None
    return {"version": version, "route": route}


summary_tab = Tab(_("Summary"), "admin/deliveries/delivery/summary.html", context)
