"""What the page of a delivery shows above its form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from deliveries.admin.panels import delivery_panels
from deliveries.diagnosis import pending_causes
from deliveries.models import Delivery, Preparation
from recipients.vocabulary import FailureReason

SHOWN = 10


def delivery_summary(request: HttpRequest, delivery: Delivery, now: datetime) -> dict[str, Any]:
    """The context of the summary: counts, causes with their remedies, analyses, exclusions, proofs, links."""
    analyses = _analyses(delivery)
    return {
        "delivery": delivery,
        "counts": _counts(delivery),
        "causes": pending_causes(delivery, now),
        "analyses": analyses,
        "exclusions": _exclusions(analyses),
        "proofs": list(delivery.proofs.order_by("-proof_number")[:SHOWN]),
        "log_url": _log_url("deliveries_broadlog", delivery),
        "tracking_url": _log_url("tracking_trackinglog", delivery),
        "panels": [html for html in (panel(request, delivery) for panel in delivery_panels) if html],
    }


def _counts(delivery: Delivery) -> list[tuple[Any, int]]:
    names = ("targeted", *Delivery.STATUS_COUNTERS, *Delivery.TRACKING_COUNTERS)
    always = ("targeted", "pending", "sent", "failed", "ignored")
    shown = [name for name in names if name in always or getattr(delivery, name)]
    return [(Delivery._meta.get_field(name).verbose_name, getattr(delivery, name)) for name in shown]  # type: ignore[union-attr]


def _analyses(delivery: Delivery) -> list[Preparation]:
    return list(delivery.preparations.prefetch_related("log").order_by("-number")[:SHOWN])


def _exclusions(analyses: list[Preparation]) -> list[tuple[Any, int]]:
    """Those of the last analysis, by reason."""
    counts = analyses[0].ignored_counts if analyses else {}
    return [(FailureReason.from_slug(reason).label, number) for reason, number in counts.items()]


def _log_url(name: str, delivery: Delivery) -> str:
    try:
        return f"{reverse(f'admin:{name}_changelist')}?delivery__id__exact={delivery.pk}"
    except NoReverseMatch:
        return ""
